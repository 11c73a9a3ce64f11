// Command driver does with one client what it is told on standard input, a line of JSON
// each, and answers how long it took.
//
//	driver CLIENT URL
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	if err := drive(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func drive(arguments []string) error {
	if len(arguments) != 2 || clients[arguments[0]] == nil {
		known := strings.Join(slices.Sorted(maps.Keys(clients)), "; ")
		return fmt.Errorf("driver CLIENT URL, the client one of: %s", known)
	}
	client := clients[arguments[0]](arguments[1])
	told, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	told.DisallowUnknownFields()
	if err := answers.Encode(map[string]string{"version": version(client.module)}); err != nil {
		return err
	}
	for {
		var next command
		if err := told.Decode(&next); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := next.do(client)
		if err != nil {
			return fmt.Errorf("%s: %w", arguments[0], err)
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

// command is one of: to make calls, so many at once; to verify deliveries of a size; and to
// measure calls that wait.
type command struct {
	Calls  int `json:"calls"`
	AtOnce int `json:"at_once"`
	Verify int `json:"verify"`
	Size   int `json:"size"`
	Wait   int `json:"wait"`
}

func (c command) do(client client) (any, error) {
	switch {
	case client.call != nil && c.Calls > 0 && c.AtOnce == 1:
		return inTurn(client.call, c.Calls)
	case client.call != nil && c.Calls > 0 && c.AtOnce > 0:
		return together(client.call, c.Calls, c.AtOnce)
	case client.verifier != nil && c.Verify > 0 && c.Size > 0:
		return verified(client.verifier, c.Verify, c.Size)
	case client.call != nil && c.Wait > 0:
		return waiting(client.call, c.Wait)
	}
	return nil, fmt.Errorf("there is no way to do %+v", c)
}

// version is that of a module, or without one Go's.
func version(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return dependency.Version
			}
		}
	}
	return runtime.Version()
}
