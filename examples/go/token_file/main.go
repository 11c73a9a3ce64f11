// Token_file keeps sessions that outlive the process, in a file that several may share.
// Run: go run ./token_file
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
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
	folder, err := os.MkdirTemp("", "linktor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)

	user := sandbox.Credentials(linktortest.Linktor)
	for _, run := range []string{"the first run", "the second run"} {
		client, err := linktor.NewClient(
			linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linktor)),
			linktor.WithPassword(user.Email, user.Password),
			linktor.WithTokenStoreFile(filepath.Join(folder, "tokens.json")))
		if err != nil {
			return err
		}
		if _, err := client.Get(ctx, "/me"); err != nil {
			return err
		}
		client.Close()

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
		fmt.Printf("after %s: %d login\n", run, logins)
		if logins != 1 {
			return fmt.Errorf("a session that is kept needs no %d logins", logins)
		}
	}
	return nil
}
