// Oauth_code is the OAuth authorization code flow with PKCE: a user agrees in a browser, comes
// back, and the client is theirs. Run: go run ./oauth_code
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		return err
	}
	defer sandbox.Stop()
	known := sandbox.Credentials(linktortest.APIV2)
	client := sandbox.Client(linktortest.APIV2,
		linktor.WithOAuth(linktor.OAuth{ClientID: known.ClientID, ClientSecret: known.ClientSecret}))

	// Where the user comes back to.
	callbacks := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callbacks <- r.URL.String()
		fmt.Fprintln(w, "You may close this window.")
	}))
	defer receiver.Close()

	request, err := client.Auth().AuthorizeURL([]string{"read:users", "read:projects"}, receiver.URL+"/callback")
	if err != nil {
		return err
	}
	// Another process may take the request up, so it goes into a session as JSON.
	kept, err := json.Marshal(request)
	if err != nil {
		return err
	}
	page, _, _ := strings.Cut(request.URL, "?")
	fmt.Println("send the user to", page)

	// Stands in for the user's browser: follows redirects until a page comes.
	answer, err := http.Get(request.URL)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}

	var asked linktor.AuthorizationRequest
	if err := json.Unmarshal(kept, &asked); err != nil {
		return err
	}
	if _, err := client.Auth().ExchangeCode(ctx, <-callbacks, &asked); err != nil {
		return err
	}
	response, err := client.Get(ctx, "/users")
	if err != nil {
		return err
	}
	var users []struct{ Email string }
	if err := response.Data(&users); err != nil {
		return err
	}
	fmt.Printf("the user lets us read %d users\n", len(users))

	_, err = client.Post(ctx, "/users", linktor.JSON(map[string]string{"name": "Ada"}))
	if !errors.Is(err, linktor.ErrPermission) {
		return fmt.Errorf("and write them: %w", err)
	}
	fmt.Println("but not write them:", err)
	return nil
}
