// Command sdk makes a call with the SDK.
package main

import (
	"context"
	"os"

	linktor "github.com/linktor/linktor-go"
)

func main() {
	response, err := linktor.New(os.Args[1]).Get(context.Background(), "/contacts")
	if err != nil {
		panic(err)
	}
	var answer any
	if err := response.Decode(&answer); err != nil {
		panic(err)
	}
}
