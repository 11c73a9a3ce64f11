// Token_store has a token store of one's own: sessions in files of a folder, which processes
// share, and one of them renews. Run: go run ./token_store
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

func main() {
	var err error
	if len(os.Args) > 1 {
		err = share(context.Background(), os.Args[1], os.Args[2])
	} else {
		err = run(context.Background())
	}
	if err != nil {
		log.Fatal(err)
	}
}

// share is one of the processes: a call with the session that all share.
func share(ctx context.Context, baseURL, folder string) error {
	client, err := linktor.NewClient(
		linktor.WithBaseURL(baseURL),
		linktor.WithPassword(os.Getenv("EXAMPLE_EMAIL"), os.Getenv("EXAMPLE_PASSWORD")),
		linktor.WithTokenStore(folderStore(folder)))
	if err != nil {
		return err
	}
	_, err = client.Get(ctx, "/me")
	return err
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

	for _, renewal := range []string{"login", "refresh"} {
		const processes = 4
		if err := start(ctx, processes, sandbox, folder); err != nil {
			return err
		}
		entries, err := sandbox.Journal(ctx)
		if err != nil {
			return err
		}
		asked := 0
		for _, entry := range entries {
			if strings.HasSuffix(entry.Path, "/auth/"+renewal) {
				asked++
			}
		}
		fmt.Printf("%d processes: %d %s\n", processes, asked, renewal)
		if asked != 1 {
			return errors.New("one of them renews for all")
		}
		if err := sandbox.ExpireAll(ctx, linktortest.Linktor); err != nil {
			return err
		}
	}
	return nil
}

// start starts this program several times at once, and waits until all have ended.
func start(ctx context.Context, count int, sandbox *linktortest.Sandbox, folder string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	user := sandbox.Credentials(linktortest.Linktor)
	outcomes := make(chan error)
	for range count {
		go func() {
			process := exec.CommandContext(ctx, program, sandbox.BaseURL(linktortest.Linktor), folder)
			process.Env = append(os.Environ(), "EXAMPLE_EMAIL="+user.Email, "EXAMPLE_PASSWORD="+user.Password)
			process.Stderr = os.Stderr
			outcomes <- process.Run()
		}()
	}
	for range count {
		err = errors.Join(err, <-outcomes)
	}
	return err
}
