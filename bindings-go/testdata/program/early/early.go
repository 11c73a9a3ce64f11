// Package early makes a client, and a call, before main begins.
package early

import (
	"context"

	"github.com/linktor/linktor-go"
)

// What the call gave.
var (
	Response *linktor.Response
	Err      error
)

func init() {
	client := linktor.New("YOUR_API_KEY")
	Response, Err = client.Get(context.Background(), "/me")
}
