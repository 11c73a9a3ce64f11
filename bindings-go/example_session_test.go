package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

func ExampleClient_WithOrganization() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linkit)

	for _, id := range []string{"org_sandbox", "org_elsewhere"} {
		_, err := client.WithOrganization(id).Get(ctx, "/customers")
		fmt.Println(id, errors.Is(err, linktor.ErrPermission))
	}
	// Output:
	// org_sandbox false
	// org_elsewhere true
}

func ExampleClient_WithCredentials() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	user := sandbox.Credentials(linktortest.Linktor)

	// Nobody by itself: it lends its connections.
	client := sandbox.Client(linktortest.Linktor, linktor.WithAnonymous())
	handle := client.WithCredentials(linktor.WithPassword(user.Email, user.Password))
	response, err := handle.Get(ctx, "/me") // logs in
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)

	handle = client.WithCredentials(linktor.WithPassword(user.Email, "wrong"))
	_, err = handle.Get(ctx, "/me")
	fmt.Println(errors.Is(err, linktor.ErrAuthentication))
	// Output:
	// 200
	// true
}

func ExampleAuth_Login() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	user := sandbox.Credentials(linktortest.Linktor)
	client := sandbox.Client(linktortest.Linktor, linktor.WithPassword(user.Email, user.Password))

	session, err := client.Auth().Login(ctx)
	if err != nil {
		log.Fatal(err)
	}
	var known struct{ Email string }
	if err := json.Unmarshal(session.User, &known); err != nil {
		log.Fatal(err)
	}
	fmt.Println(known.Email == user.Email, session.ExpiresIn != nil && *session.ExpiresIn > time.Minute)
	// Output: true true
}

func ExampleAuth_Test() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()

	for _, key := range []string{sandbox.Credentials(linktortest.APIV2).APIKey, "wrong"} {
		client := linktor.NewAPIClient(key, sandbox.Options(linktortest.APIV2)...)
		test, err := client.Auth().Test(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(test.Valid)
	}
	// Output:
	// true
	// false
}

func ExampleAuth_ExchangeCode() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	known := sandbox.Credentials(linktortest.APIV2)
	client := sandbox.Client(linktortest.APIV2,
		linktor.WithOAuth(linktor.OAuth{ClientID: known.ClientID, ClientSecret: known.ClientSecret}))

	request, err := client.Auth().AuthorizeURL([]string{"read:users"}, known.RedirectURI)
	if err != nil {
		log.Fatal(err)
	}
	// Kept where the user cannot read it, until they come back, maybe to another process.
	kept, err := json.Marshal(request)
	if err != nil {
		log.Fatal(err)
	}

	callback := agree(request.URL)

	var asked linktor.AuthorizationRequest
	if err := json.Unmarshal(kept, &asked); err != nil {
		log.Fatal(err)
	}
	if _, err := client.Auth().ExchangeCode(ctx, callback, &asked); err != nil {
		log.Fatal(err)
	}
	response, err := client.Get(ctx, "/users")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)
	// Output: 200
}

// agree stands in for a user with a browser, and gives where they are sent back to.
func agree(url string) string {
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	return response.Header.Get("Location")
}

func ExampleWithTokenSource() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()

	source := linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
		fmt.Println("a token is wanted")
		token := sandbox.Credentials(linktortest.APIV1).AccessToken // read from a vault, say
		return linktor.Token{Value: token, ExpiresIn: time.Hour}, nil
	})
	client := sandbox.Client(linktortest.APIV1, linktor.WithTokenSource(source))
	for range 2 {
		response, err := client.Get(ctx, "/users/me")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(response.StatusCode)
	}
	// Output:
	// a token is wanted
	// 200
	// 200
}

func ExampleWithJWT() {
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.APIV2, linktor.WithJWT(linktor.JWT{
		Secret:  sandbox.Credentials(linktortest.APIV2).JWTSecret,
		Subject: "service-1",
		Claims:  map[string]any{"scopes": []string{"read:users"}},
		TTL:     new(10 * time.Minute),
	}))

	response, err := client.Get(context.Background(), "/users")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)
	// Output: 200
}
