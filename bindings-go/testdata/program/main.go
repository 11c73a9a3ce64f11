// Command program uses the module as a program does that is no part of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/linktor/linktor-go"

	"example.com/program/early"
)

func init() {
	if os.Args[1] == "locked" {
		// From here on main is the only goroutine of the process's first thread.
		runtime.LockOSThread()
	}
}

func main() {
	client := linktor.New("YOUR_API_KEY")
	say("early", early.Response, early.Err)
	switch os.Args[1] {
	case "returns", "locked":
		response, err := client.Get(context.Background(), "/me")
		say("late", response, err)
	case "in_flight":
		begin(client)
	case "exits":
		begin(client)
		go os.Exit(3)
		response, err := client.Get(context.Background(), "/slow")
		say("late", response, err)
	case "panics":
		begin(client)
		panic("invented")
	case "interrupted":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT)
		defer stop()
		time.AfterFunc(100*time.Millisecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) })
		_, err := client.Get(ctx, "/slow")
		fmt.Println("late:", errors.Is(err, context.Canceled))
	}
}

// begin makes calls that nothing ends but the end of the process.
func begin(client *linktor.Client) {
	for range 50 {
		go func() { _, _ = client.Get(context.Background(), "/slow") }()
	}
	time.Sleep(100 * time.Millisecond)
}

func say(what string, response *linktor.Response, err error) {
	if err != nil {
		fmt.Println(what+":", err)
		return
	}
	fmt.Println(what+":", response.StatusCode)
}
