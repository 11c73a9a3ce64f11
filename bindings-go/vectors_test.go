package linktor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

type vectorFile struct {
	Rule  string
	Cases []vectorCase
}

type vectorCase struct {
	Name        string
	Client      object
	TokenSource []any `json:"token_source"`
	Script      []json.RawMessage
	Calls       []object
	Expect      *struct{ Error object }
	Journal     []object
}

func TestWireVectors(t *testing.T) {
	files, err := filepath.Glob("../tests/vectors/wire/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	passed, failed := 0, 0
	for _, path := range files {
		var file vectorFile
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, one := range file.Cases {
			name := strings.TrimSuffix(filepath.Base(path), ".json") + "/" + one.Name
			if t.Run(name, func(t *testing.T) { runCase(t, one) }) {
				passed++
			} else {
				failed++
			}
		}
	}
	line := fmt.Sprintf("vectors go: %d passed, %d failed", passed, failed)
	fmt.Println(line)
	folder := "../target/vectors"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "go.txt"), []byte(line+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func runCase(t *testing.T, one vectorCase) {
	provider, _ := one.Client["provider"].(string)
	if provider == "" {
		provider = "linktor"
	}
	script := make([]any, len(one.Script))
	for i, answer := range one.Script {
		script[i] = answer
	}
	reset(t, script...)

	client, err := linktor.NewClient(clientOptions(t, one, provider)...)
	if one.Expect != nil {
		if err == nil {
			t.Fatal("the client could be made")
		}
		compareError(t, "client", err, filled(one.Expect.Error, provider).(object))
		return
	}
	if err != nil {
		t.Fatalf("the client cannot be made: %v", err)
	}
	t.Cleanup(client.Close)
	for i, call := range one.Calls {
		runCall(t, fmt.Sprintf("call %d", i+1), client, filled(call, provider).(object))
	}
	if one.Journal != nil {
		compareJournal(t, one.Journal, provider)
	}
}

func clientOptions(t *testing.T, one vectorCase, provider string) []linktor.Option {
	var options []linktor.Option
	if _, ok := one.Client["base_url"]; !ok && sandbox.BaseURLs[provider] != "" {
		options = append(options, linktor.WithBaseURL(sandbox.BaseURLs[provider]))
	}
	for name, value := range filled(one.Client, provider).(object) {
		switch name {
		case "provider":
			if name, ok := value.(string); ok {
				options = append(options, linktor.WithProvider(name))
				break
			}
			document, _ := json.Marshal(value)
			options = append(options, linktor.WithCustomProvider(document))
		case "api_key":
			options = append(options, linktor.WithAPIKey(value.(string)))
		case "access_token":
			options = append(options, linktor.WithAccessToken(value.(string)))
		case "anonymous":
			if value.(bool) {
				options = append(options, linktor.WithAnonymous())
			}
		case "base_url":
			options = append(options, linktor.WithBaseURL(value.(string)))
		case "organization":
			options = append(options, linktor.WithOrganization(value.(string)))
		case "client_version":
			options = append(options, linktor.WithClientVersion(value.(string)))
		case "proxy":
			options = append(options, linktor.WithProxy(value.(string)))
		case "timeout":
			options = append(options, linktor.WithTimeout(seconds(value)))
		case "connect_timeout":
			options = append(options, linktor.WithConnectTimeout(seconds(value)))
		case "deadline":
			options = append(options, linktor.WithDeadline(seconds(value)))
		case "max_connections":
			count, _ := value.(json.Number).Int64()
			options = append(options, linktor.WithMaxConnections(int(count)))
		case "allow_insecure_http":
			if value.(bool) {
				options = append(options, linktor.WithAllowInsecureHTTP())
			}
		case "headers":
			for name, value := range value.(object) {
				options = append(options, linktor.WithHeader(name, value.(string)))
			}
		default:
			t.Fatalf("the runner does not know the client's option %s", name)
		}
	}
	if one.TokenSource != nil {
		options = append(options, linktor.WithTokenSource(scriptedSource(filled(one.TokenSource, provider).([]any))))
	}
	return options
}

func scriptedSource(results []any) linktor.TokenSource {
	var mutex sync.Mutex
	next := 0
	return func(context.Context) (linktor.Token, error) {
		mutex.Lock()
		defer mutex.Unlock()
		result := results[min(next, len(results)-1)]
		next++
		record, ok := result.(object)
		if !ok {
			return linktor.Token{Value: result.(string)}, nil
		}
		if message, ok := record["error"].(string); ok {
			return linktor.Token{}, errors.New(message)
		}
		token := linktor.Token{Value: record["token"].(string)}
		if life, ok := record["expires_in"]; ok {
			token.ExpiresIn = seconds(life)
		}
		return token, nil
	}
}

func runCall(t *testing.T, what string, client *linktor.Client, call object) {
	var options []linktor.RequestOption
	for name, value := range call {
		switch name {
		case "method", "path", "expect", "content_type":
		case "query":
			query := value.(object)
			for _, name := range slices.Sorted(maps.Keys(query)) {
				options = append(options, linktor.Query(name, query[name]))
			}
		case "headers":
			for name, value := range value.(object) {
				options = append(options, linktor.Header(name, value.(string)))
			}
		case "path_params":
			for name, value := range value.(object) {
				options = append(options, linktor.PathParam(name, value))
			}
		case "json":
			options = append(options, linktor.JSON(value))
		case "content":
			contentType, _ := call["content_type"].(string)
			options = append(options, linktor.Body([]byte(value.(string)), contentType))
		case "form":
			values := url.Values{}
			for name, value := range value.(object) {
				values.Set(name, value.(string))
			}
			options = append(options, linktor.Form(values))
		case "organization_id":
			options = append(options, linktor.Organization(value.(string)))
		case "request_id":
			options = append(options, linktor.RequestID(value.(string)))
		case "timeout":
			options = append(options, linktor.Timeout(seconds(value)))
		case "deadline":
			options = append(options, linktor.Deadline(seconds(value)))
		default:
			t.Fatalf("the runner does not know %q of a call", name)
		}
	}
	response, err := send(t, client, call["method"].(string), call["path"].(string), options)
	expect, _ := call["expect"].(object)
	if expected, ok := expect["error"].(object); ok {
		var data any
		if err == nil {
			// An envelope that reports a failure is found out by reading the payload.
			err = response.Data(&data)
		}
		if err == nil {
			t.Errorf("%s: it succeeded with HTTP %d, and %v was expected", what, response.StatusCode, expected)
			return
		}
		compareError(t, what, err, expected)
		return
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	compareResponse(t, what, response, expect)
}

func send(t *testing.T, client *linktor.Client, method, path string, options []linktor.RequestOption) (*linktor.Response, error) {
	send := map[string]func(context.Context, string, ...linktor.RequestOption) (*linktor.Response, error){
		"GET": client.Get, "POST": client.Post, "PUT": client.Put, "PATCH": client.Patch, "DELETE": client.Delete,
	}[method]
	if send == nil {
		if len(options) > 0 {
			t.Fatalf("the runner sends %s without options only", method)
		}
		return client.Do(t.Context(), &linktor.Request{Method: method, Path: path})
	}
	return send(t.Context(), path, options...)
}

func compareResponse(t *testing.T, what string, response *linktor.Response, expect object) {
	for name, expected := range expect {
		var actual any
		var err error
		switch name {
		case "status":
			actual = number(response.StatusCode)
		case "attempts":
			actual = number(response.Attempts)
		case "request_id":
			actual = response.RequestID
		case "text":
			actual, err = response.Text()
		case "json":
			err = response.Decode(&actual)
		case "data":
			err = response.Data(&actual)
		default:
			t.Fatalf("the runner does not know %q of a response", name)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", what, name, err)
		} else {
			compare(t, what+": "+name, actual, expected)
		}
	}
}

func compareError(t *testing.T, what string, err error, expected object) {
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok {
		t.Fatalf("%s: %T is no *linktor.Error: %v", what, err, err)
	}
	for name, expected := range expected {
		var actual any
		switch name {
		case "kind":
			actual = string(failure.Kind)
		case "status":
			actual = orNil(failure.Status, number(failure.Status))
		case "code":
			actual = orNil(failure.Code, failure.Code)
		case "message":
			actual = orNil(failure.Message, failure.Message)
		case "message_contains":
			if !strings.Contains(failure.Message, expected.(string)) {
				t.Errorf("%s: the message is\n  %q\nand does not contain\n  %q", what, failure.Message, expected)
			}
			continue
		case "details":
			if failure.Details != nil {
				actual = parse(t, failure.Details)
			}
		case "sent":
			actual = string(failure.Sent)
		case "attempts":
			actual = number(failure.Attempts)
		case "request_id":
			actual = orNil(failure.RequestID, failure.RequestID)
		case "retry_after":
			actual = orNil(failure.RetryAfter, json.Number(fmt.Sprint(failure.RetryAfter.Seconds())))
		default:
			t.Fatalf("the runner does not know %q of an error", name)
		}
		compare(t, what+": error "+name, actual, expected)
	}
	if t.Failed() {
		t.Logf("%s: the error was %v", what, failure)
	}
}

func compareJournal(t *testing.T, expected []object, provider string) {
	actual := journal(t)
	if len(actual) != len(expected) {
		t.Errorf("the server saw %d requests, and %d were expected: %+v", len(actual), len(expected), actual)
		return
	}
	for i, expected := range expected {
		what := fmt.Sprintf("request %d", i+1)
		for name, expected := range filled(expected, provider).(object) {
			switch entry := actual[i]; name {
			case "method":
				compare(t, what+": method", entry.Method, expected)
			case "path":
				compare(t, what+": path", entry.Path, expected)
			case "query":
				var query any
				if entry.Query != nil {
					query = *entry.Query
				}
				compare(t, what+": query", query, expected)
			case "body":
				compare(t, what+": body", entry.Body, expected)
			case "json":
				compare(t, what+": json", parse(t, []byte(entry.Body)), expected)
			case "headers":
				compareHeaders(t, what, entry.Headers, expected.(object))
			default:
				t.Fatalf("the runner does not know %q of the journal", name)
			}
		}
	}
}

func compareHeaders(t *testing.T, what string, pairs [][2]string, expected object) {
	actual := object{}
	for _, pair := range pairs {
		switch name := pair[0]; name {
		case "host", "connection", "content-length", "accept-encoding":
		default:
			if before, ok := actual[name]; ok {
				actual[name] = fmt.Sprint(before, ", ", pair[1])
				continue
			}
			actual[name] = pair[1]
		}
	}
	for name, value := range expected {
		lower := strings.ToLower(name)
		if given, ok := actual[lower].(string); ok && value == "$uuid" && isUUID.MatchString(given) {
			actual[lower] = value
		}
	}
	lowered := object{}
	for name, value := range expected {
		lowered[strings.ToLower(name)] = value
	}
	compare(t, what+": headers", actual, lowered)
}

var (
	isUUID    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	isVersion = regexp.MustCompile(`(?m)^version = "(.*)"$`)
)

func version() string {
	manifest, err := os.ReadFile("../Cargo.toml")
	if err != nil {
		return ""
	}
	return string(isVersion.FindSubmatch(manifest)[1])
}

// filled replaces the placeholders in all texts.
func filled(value any, provider string) any {
	switch value := value.(type) {
	case string:
		pairs := []string{"$sandbox", sandbox.URL, "$language", "go", "$version", version()}
		for name, credential := range sandbox.Credentials[provider] {
			pairs = append(pairs, "$"+name, credential)
		}
		return strings.NewReplacer(pairs...).Replace(value)
	case []any:
		filledOnes := make([]any, len(value))
		for i, one := range value {
			filledOnes[i] = filled(one, provider)
		}
		return filledOnes
	case object:
		filledOnes := object{}
		for name, one := range value {
			filledOnes[name] = filled(one, provider)
		}
		return filledOnes
	default:
		return value
	}
}

func parse(t *testing.T, text []byte) any {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Errorf("%q is not JSON: %v", text, err)
	}
	return value
}

func compare(t *testing.T, what string, actual, expected any) {
	t.Helper()
	if !reflect.DeepEqual(plain(actual), plain(expected)) {
		t.Errorf("%s is\n  %s\nand was expected to be\n  %s", what, written(actual), written(expected))
	}
}

// plain makes 1 and 1.0 the same number.
func plain(value any) any {
	switch value := value.(type) {
	case json.Number:
		float, err := value.Float64()
		if err != nil {
			return value.String()
		}
		return float
	case []any:
		plainOnes := make([]any, len(value))
		for i, one := range value {
			plainOnes[i] = plain(one)
		}
		return plainOnes
	case object:
		plainOnes := object{}
		for name, one := range value {
			plainOnes[name] = plain(one)
		}
		return plainOnes
	default:
		return value
	}
}

func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func number(value int) json.Number { return json.Number(fmt.Sprint(value)) }

func orNil[T comparable](value T, otherwise any) any {
	var zero T
	if value == zero {
		return nil
	}
	return otherwise
}

func seconds(value any) time.Duration {
	float, err := value.(json.Number).Float64()
	if err != nil {
		return math.MinInt64
	}
	return time.Duration(float * float64(time.Second))
}
