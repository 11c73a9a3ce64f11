package linktor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

// sandbox is the one that all tests of the package share; each resets it. They speak to it as
// the vectors do, in its own names and units.
var sandbox struct {
	URL         string                       `json:"url"`
	BaseURLs    map[string]string            `json:"base_urls"`
	AuthURLs    map[string]string            `json:"auth_urls"`
	Credentials map[string]map[string]string `json:"credentials"`
}

func TestMain(m *testing.M) {
	if program := os.Getenv(programVariable); program != "" {
		runProgram(program)
		return
	}
	code := runWithSandbox(m)
	if err := kept(); err != nil {
		log.Print(err)
		code = 1
	}
	os.Exit(code)
}

// kept says what the tests have not given back, where that is counted.
var kept = func() error { return nil }

func runWithSandbox(m *testing.M) int {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasSuffix(name, "_API_KEY") || strings.HasSuffix(name, "_API_TOKEN") || name == "API_KEY" ||
			strings.HasSuffix(name, "_BASE_URL") || strings.HasSuffix(name, "_ORGANIZATION_ID") {
			_ = os.Unsetenv(name)
		}
	}
	started, err := linktortest.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer started.Stop()
	response, err := http.Get(started.URL() + "/_sandbox")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&sandbox); err != nil {
		log.Fatal(err)
	}
	return m.Run()
}

func control(t testing.TB, method, path string, body, into any) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, sandbox.URL+"/_sandbox"+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
}

// reset empties the sandbox and gives it its next answers.
func reset(t testing.TB, answers ...any) {
	t.Helper()
	control(t, "POST", "/reset", nil, nil)
	if len(answers) > 0 {
		control(t, "POST", "/script", map[string]any{"answers": answers}, nil)
	}
}

type object = map[string]any

type entry struct {
	Family  string      `json:"family"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Query   *string     `json:"query"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
	Status  *int        `json:"status"`
	Aborted bool        `json:"aborted"`
}

func journal(t testing.TB) []entry {
	t.Helper()
	var answer struct{ Entries []entry }
	control(t, "GET", "/journal", nil, &answer)
	return answer.Entries
}

// newClient makes a client of the sandbox's linktor family.
func newClient(t testing.TB, options ...linktor.Option) *linktor.Client {
	t.Helper()
	client, err := linktor.NewClient(append([]linktor.Option{linktor.WithBaseURL(sandbox.BaseURLs["linktor"])}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func withKey() linktor.Option {
	return linktor.WithAPIKey(sandbox.Credentials["linktor"]["api_key"])
}

// eventually asks until it is so, for a second at most.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for range 100 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it never came about that %s", what)
}
