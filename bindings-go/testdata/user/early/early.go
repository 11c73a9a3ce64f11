// Package early calls before main does.
package early

import (
	"context"
	"time"

	"github.com/linktor/linktor-go"
)

// Err is how the call ended.
var Err error

func init() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := linktor.New("YOUR_API_KEY")
	_, Err = client.Get(ctx, "/contacts")
}
