// A user's program: the documentation's line in main and in a package's init, against the sandbox.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/jwt"
	"github.com/linktor/linktor-go/webhook"

	"user/early"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if !errors.Is(early.Err, linktor.ErrAuthentication) {
		log.Fatalf("in init: %v", early.Err)
	}
	client := linktor.New("YOUR_API_KEY")
	if _, err := client.Get(ctx, "/contacts"); !errors.Is(err, linktor.ErrAuthentication) {
		log.Fatalf("in main: %v", err)
	}
	response, err := linktor.New(os.Getenv("KEY")).Get(ctx, "/contacts")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := jwt.Sign(map[string]any{"sub": "user-1"}, "an invented secret of 32 bytes or more"); err != nil {
		log.Fatal(err)
	}
	if _, err := webhook.NewVerifier(webhook.Linktor, []string{"whsec_invented"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("answered with", response.StatusCode)
}
