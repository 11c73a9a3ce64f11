// Many_users is a server that acts for many users: one pool of connections, a session for each,
// an organization where one is needed. Run: go run ./many_users
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
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
	known := sandbox.Credentials(linktortest.Linkit)

	// Nobody by itself: every request goes through a user's handle.
	pool, err := linktor.NewClient(linktor.WithProvider("linkit"), linktor.WithAnonymous(),
		linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linkit)))
	if err != nil {
		return err
	}

	const users = 50
	outcomes := make(chan error)
	for range users {
		go func() {
			outcomes <- act(ctx, pool.WithCredentials(linktor.WithPassword(known.Email, known.Password)))
		}()
	}
	for range users {
		err = errors.Join(err, <-outcomes)
	}
	if err != nil {
		return err
	}
	entries, err := sandbox.Journal(ctx)
	if err != nil {
		return err
	}
	logins := 0
	for _, entry := range entries {
		if strings.HasSuffix(entry.Path, "/auth/login") {
			logins++
		}
	}
	fmt.Printf("%d users, %d logins, %d requests\n", users, logins, len(entries))
	if logins != users || len(entries) != 3*users {
		return errors.New("each user has a session of his own")
	}

	elsewhere := pool.WithCredentials(linktor.WithAPIKey(known.APIKey)).WithOrganization("org_elsewhere")
	_, err = elsewhere.Get(ctx, "/customers")
	if !errors.Is(err, linktor.ErrPermission) {
		return fmt.Errorf("in another organization: %w", err)
	}
	fmt.Println("in another organization:", err)
	return nil
}

// act asks for something as a user: the first call logs in, and later ones use its session and
// its organization.
func act(ctx context.Context, user *linktor.Client) error {
	for path, count := range map[string]int{"/customers": 2, "/products": 3} {
		response, err := user.Get(ctx, path)
		if err != nil {
			return err
		}
		var found []struct{ ID string }
		if err := response.Data(&found); err != nil {
			return err
		}
		if len(found) != count {
			return fmt.Errorf("%s has %d rows", path, len(found))
		}
	}
	return nil
}
