package linktor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

// startSandbox stands in for the API.
func startSandbox() *linktortest.Sandbox {
	sandbox, err := linktortest.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	return sandbox
}

func Example() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()

	client := linktor.New(sandbox.Credentials(linktortest.Linktor).APIKey,
		linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linktor)))

	response, err := client.Post(ctx, "/contacts", linktor.JSON(map[string]string{"name": "Ada"}))
	if err != nil {
		log.Fatal(err)
	}
	var contact struct{ ID, Name string }
	if err := response.Data(&contact); err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, contact.Name)

	_, err = client.Get(ctx, "/contacts/{id}", linktor.PathParam("id", "nobody"))
	fmt.Println("not found:", errors.Is(err, linktor.ErrNotFound))
	// Output:
	// 201 Ada
	// not found: true
}

func ExampleNew() {
	sandbox := startSandbox()
	defer sandbox.Stop()

	client := linktor.New(sandbox.Credentials(linktortest.Linktor).APIKey,
		linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linktor)))
	response, err := client.Get(context.Background(), "/me")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client, response.StatusCode)

	// What cannot be a client is the error of its calls, and of Err.
	fmt.Println(linktor.New("").Err())
	// Output:
	// linktor.Client(linktor) 200
	// linktor: config: api_key is empty
}

func ExampleNewClient() {
	sandbox := startSandbox()
	defer sandbox.Stop()

	credentials := sandbox.Credentials(linktortest.Linkit)
	client, err := linktor.NewClient(
		linktor.WithProvider("linkit"),
		linktor.WithPassword(credentials.Email, credentials.Password),
		linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linkit)),
		linktor.WithTimeout(5*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Get(context.Background(), "/customers")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client, response.StatusCode)
	// Output: linktor.Client(linkit) 200
}

func ExampleClient_Get() {
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linkit)

	response, err := client.Get(context.Background(), "/products/{id}",
		linktor.PathParam("id", "prd_1"),
		linktor.Query("fields", "name", "price"),
		linktor.Timeout(2*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	var product struct {
		Name  string
		Price float64
	}
	if err := response.Data(&product); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %.2f\n", product.Name, product.Price)
	// Output: Paracetamol 500 mg: 2.50
}

func ExampleClient_Post() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linktor)

	type Contact struct {
		ID   string `json:"id,omitzero"`
		Name string `json:"name"`
	}
	response, err := client.Post(ctx, "/contacts", linktor.JSON(Contact{Name: "Ada"}))
	if err != nil {
		log.Fatal(err)
	}
	var contact Contact
	if err := response.Data(&contact); err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, contact.Name, contact.ID != "")
	// Output: 201 Ada true
}

func ExampleClient_Do() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linktor)

	response, err := client.Do(ctx, &linktor.Request{
		Method: http.MethodGet,
		Path:   "/contacts",
		Query:  url.Values{"page_size": {"10"}},
		Header: http.Header{"Accept-Language": {"de"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)
	// Output: 200
}

func ExampleResponse_Data() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	err := sandbox.Script(ctx, linktortest.Answer{Body: []byte(`{"success": true, "data": {"name": "Ada"}}`)})
	if err != nil {
		log.Fatal(err)
	}

	response, err := sandbox.Client(linktortest.Linktor).Get(ctx, "/me")
	if err != nil {
		log.Fatal(err)
	}
	var user struct{ Name string }
	if err := response.Data(&user); err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name)
	// Output: Ada
}

func ExampleResponse_Decode() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	err := sandbox.Script(ctx, linktortest.Answer{Body: []byte(`{"success": true, "data": {"name": "Ada"}}`)})
	if err != nil {
		log.Fatal(err)
	}

	response, err := sandbox.Client(linktortest.Linktor).Get(ctx, "/me")
	if err != nil {
		log.Fatal(err)
	}
	var body struct {
		Success bool
		Data    struct{ Name string }
	}
	if err := response.Decode(&body); err != nil {
		log.Fatal(err)
	}
	fmt.Println(body.Success, body.Data.Name)
	// Output: true Ada
}

func ExampleError() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linktor)

	_, err := client.Get(ctx, "/contacts/{id}", linktor.PathParam("id", "nobody"), linktor.RequestID("request-1"))
	if errors.Is(err, linktor.ErrNotFound) {
		fmt.Println("there is no such contact")
	}
	if failure, ok := errors.AsType[*linktor.Error](err); ok {
		fmt.Println(failure.Kind, failure.Status, failure.Code, failure.RequestID, failure.Sent)
	}
	// Output:
	// there is no such contact
	// not_found 404 CONTACT_NOT_FOUND request-1 yes
}

func ExampleClient_Get_cancelled() {
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linktor)
	err := sandbox.Script(context.Background(), linktortest.Answer{Pass: true, Delay: 10 * time.Second})
	if err != nil {
		log.Fatal(err)
	}

	left := errors.New("the user went away")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(50*time.Millisecond, func() { cancel(left) })
	_, err = client.Get(ctx, "/me")
	fmt.Println(errors.Is(err, linktor.ErrCancelled), errors.Is(err, context.Canceled), errors.Is(err, left))
	// Output: true true true
}

func ExampleWithMaxRetries() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	busy := linktortest.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After-Ms": {"20"}}}
	if err := sandbox.Script(ctx, busy, busy); err != nil {
		log.Fatal(err)
	}

	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(5), linktor.WithMaxRetryWait(10*time.Second))
	response, err := client.Get(ctx, "/me")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Attempts, "attempts,", response.Waited > 40*time.Millisecond)
	// Output: 3 attempts, true
}

func ExampleIdempotencyKey() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linktor)
	busy := linktortest.Answer{Status: http.StatusServiceUnavailable}
	if err := sandbox.Script(ctx, busy, busy); err != nil {
		log.Fatal(err)
	}

	// The server may have acted, so a POST is not sent again.
	contact := linktor.JSON(map[string]string{"name": "Ada"})
	_, err := client.Post(ctx, "/contacts", contact)
	fmt.Println(errors.Is(err, linktor.ErrServer))

	response, err := client.Post(ctx, "/contacts", contact, linktor.IdempotencyKey("contact-ada-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, "after", response.Attempts, "attempts")
	// Output:
	// true
	// 201 after 2 attempts
}

func ExampleClient_RateLimit() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	if err := sandbox.SetPublishedLimits(ctx, linktortest.Linktor, ""); err != nil {
		log.Fatal(err)
	}

	client := sandbox.Client(linktortest.Linktor)
	if _, err := client.Get(ctx, "/me"); err != nil {
		log.Fatal(err)
	}
	limit, err := client.RateLimit()
	if err != nil {
		log.Fatal(err)
	}
	if limit != nil && limit.Remaining != nil && limit.Limit != nil {
		fmt.Printf("%s: %d of %d left\n", limit.Class, *limit.Remaining, *limit.Limit)
	}
	// Output: other: 59 of 60 left
}

func ExampleWithPacing() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	limit := linktor.Limit{Limit: 2, Window: time.Second}
	if err := sandbox.SetLimits(ctx, linktortest.Libromi, limit); err != nil {
		log.Fatal(err)
	}

	client := sandbox.Client(linktortest.Libromi,
		linktor.WithPacing(linktor.PacingProactive), linktor.WithLimits(limit))
	begun := time.Now()
	for range 3 {
		response, err := client.Get(ctx, "/contacts")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(response.StatusCode, response.Attempts)
	}
	fmt.Println(time.Since(begun) > 900*time.Millisecond)
	// Output:
	// 200 1
	// 200 1
	// 200 1
	// true
}
