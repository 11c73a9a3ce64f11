package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Sandbox is a server that speaks all five API families, and says on its first line where
// it is and which credentials it knows.
type Sandbox struct {
	URL         string
	BaseURLs    map[string]string `json:"base_urls"`
	Credentials map[string]struct {
		APIKey string `json:"api_key"`
	}

	command *exec.Cmd
	stdin   io.Closer
}

func startSandbox() (*Sandbox, error) {
	binary, err := sandboxBinary()
	if err != nil {
		return nil, err
	}
	command := exec.Command(binary)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	sandbox := &Sandbox{command: command, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, sandbox)
	}
	if err != nil {
		sandbox.Stop()
	}
	return sandbox, err
}

// Limit lets the server of a family take so many requests in a window of time.
func (s *Sandbox) Limit(family string, count int, window time.Duration) error {
	limit := map[string]any{"limit": count, "window": window.Seconds()}
	body, err := json.Marshal(map[string]any{"family": family, "limits": []any{limit}})
	if err != nil {
		return err
	}
	response, err := http.Post(s.URL+"/_sandbox/limits", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("the sandbox refused the limit: " + response.Status)
	}
	return nil
}

// Stop ends the sandbox, which leaves when its standard input closes.
func (s *Sandbox) Stop() {
	_ = s.stdin.Close()
	_ = s.command.Wait()
}

func sandboxBinary() (string, error) {
	if binary := os.Getenv("LINKTOR_SANDBOX"); binary != "" {
		return binary, nil
	}
	for _, profile := range []string{"release", "debug"} {
		binary := filepath.Join("..", "..", "..", "target", profile, "linktor-sandbox")
		if _, err := os.Stat(binary); err == nil {
			return binary, nil
		}
	}
	return "", errors.New("no sandbox: run `cargo build -p linktor-sandbox`, or set LINKTOR_SANDBOX")
}
