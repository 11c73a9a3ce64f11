// Quickstart makes one read and one write in each of the five API families, and shows what
// an error looks like and what becomes of a 429, against a sandbox of its own. Run: go run .
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

var tasks = []struct {
	family      linktortest.Family
	read, write string
	body        any
}{
	{linktortest.Linktor, "/me", "/contacts", map[string]string{"name": "Ada", "email": "ada@example.com"}},
	{linktortest.Linkit, "/products", "/products", map[string]string{"name": "Lamp", "code": "L-1"}},
	{linktortest.Libromi, "/contacts", "/messages", map[string]string{"to": "15550100", "type": "text", "text": "Hello"}},
	{linktortest.APIV2, "/auth/test", "/users", map[string]string{"name": "Ada", "email": "ada@example.com"}},
	{linktortest.APIV1, "/users/me", "/users", map[string]string{"name": "Ada", "email": "ada@example.com"}},
}

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
	fmt.Printf("linktor-sandbox at %s\n\n", sandbox.URL())
	for _, task := range tasks {
		client := linktor.New(sandbox.Credentials(task.family).APIKey,
			linktor.WithProvider(string(task.family)),
			linktor.WithBaseURL(sandbox.BaseURL(task.family)))

		response, err := client.Get(ctx, task.read)
		if err != nil {
			return err
		}
		if err := show(task.family, "GET", task.read, response); err != nil {
			return err
		}

		response, err = client.Post(ctx, task.write, linktor.JSON(task.body))
		if err != nil {
			return err
		}
		if err := show(task.family, "POST", task.write, response); err != nil {
			return err
		}
	}

	wrong := linktor.New("lk_wrong", linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linktor)))
	_, err = wrong.Get(ctx, "/me")
	if failure, ok := errors.AsType[*linktor.Error](err); ok && errors.Is(err, linktor.ErrAuthentication) {
		fmt.Printf("\nA wrong key: %v\n", failure)
		fmt.Printf("  %T, kind %s, code %s, request %s\n", failure, failure.Kind, failure.Code, failure.RequestID)
	}

	fmt.Println("\nFive calls at once, where the server takes three in 2 s:")
	// A family that names its limits on the 429 alone.
	if err := sandbox.SetLimits(ctx, linktortest.Libromi, linktor.Limit{Limit: 3, Window: 2 * time.Second}); err != nil {
		return err
	}
	client := linktor.NewLibromiConnect(sandbox.Credentials(linktortest.Libromi).APIKey,
		linktor.WithBaseURL(sandbox.BaseURL(linktortest.Libromi)))
	return overcome(ctx, client)
}

// overcome sends more than the server takes at once: the calls wait for it.
func overcome(ctx context.Context, client *linktor.Client) error {
	type outcome struct {
		response *linktor.Response
		err      error
	}
	outcomes := make(chan outcome)
	const calls = 5
	for range calls {
		go func() {
			response, err := client.Get(ctx, "/contacts")
			outcomes <- outcome{response, err}
		}()
	}
	for range calls {
		outcome := <-outcomes
		if outcome.err != nil {
			return outcome.err
		}
		fmt.Printf("  %d after %d attempts and %.1f s of waiting\n",
			outcome.response.StatusCode, outcome.response.Attempts, outcome.response.Waited.Seconds())
	}
	return nil
}

// show prints the beginning of a payload, on one line.
func show(family linktortest.Family, method, path string, response *linktor.Response) error {
	var data json.RawMessage
	if err := response.Data(&data); err != nil {
		return err
	}
	text := []rune(string(data))
	if len(text) > 60 {
		text = append(text[:60], '…')
	}
	_, err := fmt.Printf("%-8s %-4s %-11s %d %s\n", family, method, path, response.StatusCode, string(text))
	return err
}
