package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// withServer runs a task with the URL of a bench-server, which ends after it.
func withServer(binary string, task func(url string) error) error {
	server := exec.Command(binary)
	server.Stderr = os.Stderr
	stdin, err := server.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	err = func() error {
		line, err := bufio.NewReader(stdout).ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s says nothing: %w", binary, err)
		}
		var ready struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal(line, &ready); err != nil {
			return err
		}
		return task(ready.URL)
	}()
	return errors.Join(err, stdin.Close(), server.Wait())
}
