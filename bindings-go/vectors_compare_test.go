package linktor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func (r *vectorRun) compareOutcome(what string, response *linktor.Response, err error, expect object) {
	if expected, ok := expect["error"].(object); ok {
		var data any
		if err == nil {
			// An envelope that reports a failure is found out by reading the payload.
			err = response.Data(&data)
		}
		if err == nil {
			r.Errorf("%s: it succeeded with HTTP %d, and %v was expected", what, response.StatusCode, expected)
			return
		}
		compareError(r.TB, what, err, expected)
		return
	}
	if err != nil {
		r.Errorf("%s: %v", what, err)
		return
	}
	compareResponse(r.TB, what, response, expect)
}

func compareResponse(t testing.TB, what string, response *linktor.Response, expect object) {
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
		case "rate_limit":
			compareRateLimit(t, what, response.RateLimit, expected)
			continue
		case "waited":
			compareWaited(t, what, response.Waited, expected)
			continue
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

func compareRateLimit(t testing.TB, what string, limit *linktor.RateLimit, expected any) {
	fields, ok := expected.(object)
	if !ok || limit == nil {
		if ok || limit != nil {
			t.Errorf("%s: the rate limit is %v, and was expected to be %s", what, limit, written(expected))
		}
		return
	}
	for name, expected := range fields {
		var actual any
		switch name {
		case "class":
			actual = limit.Class
		case "limit":
			actual = pointed(limit.Limit)
		case "remaining":
			actual = pointed(limit.Remaining)
		case "reset":
			if limit.Reset != nil && expected != nil {
				if (*limit.Reset - seconds(expected)).Abs() > 2*time.Second {
					t.Errorf("%s: the window ends in %v, and not in %v s", what, *limit.Reset, expected)
				}
				continue
			}
			actual = pointed(limit.Reset)
		default:
			t.Fatalf("the runner does not know %q of a rate limit", name)
		}
		compare(t, what+": rate limit's "+name, actual, expected)
	}
}

// compareWaited expects at least the first, and at most the second number of seconds.
func compareWaited(t testing.TB, what string, waited time.Duration, expected any) {
	between := expected.([]any)
	if waited < seconds(between[0]) || waited > seconds(between[1]) {
		t.Errorf("%s: it waited %v, and %s s were expected", what, waited, written(expected))
	}
}

func compareError(t testing.TB, what string, err error, expected object) {
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok {
		t.Fatalf("%s: %T is no *linktor.Error: %v", what, err, err)
	}
	if expected == nil {
		t.Fatalf("%s: %v", what, err)
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
		case "waited":
			compareWaited(t, what, failure.Waited, expected)
			continue
		default:
			t.Fatalf("the runner does not know %q of an error", name)
		}
		compare(t, what+": error "+name, actual, expected)
	}
	if t.Failed() {
		t.Logf("%s: the error was %v", what, failure)
	}
}

func (r *vectorRun) compareJournal(expected []object) {
	t, actual := r.TB, journal(r)
	if len(actual) != len(expected) {
		t.Errorf("the server saw %d requests, and %d were expected: %+v", len(actual), len(expected), actual)
		return
	}
	for i, expected := range expected {
		what := fmt.Sprintf("request %d", i+1)
		for name, expected := range r.filled(expected).(object) {
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

var isUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func compareHeaders(t testing.TB, what string, pairs [][2]string, expected object) {
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

// compareURL compares the queries field by field.
func compareURL(t testing.TB, what, actual, expected string) {
	actualPlace, actualQuery, _ := strings.Cut(actual, "?")
	expectedPlace, expectedQuery, _ := strings.Cut(expected, "?")
	compare(t, what+": url", actualPlace, expectedPlace)
	actualFields, err := url.ParseQuery(actualQuery)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	expectedFields, err := url.ParseQuery(expectedQuery)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for name := range expectedFields {
		if expectedFields.Get(name) == "$any" && actualFields.Get(name) != "" {
			expectedFields.Set(name, actualFields.Get(name))
		}
	}
	compare(t, what+": url", actualFields.Encode(), expectedFields.Encode())
}

func parse(t testing.TB, text []byte) any {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Errorf("%q is not JSON: %v", text, err)
	}
	return value
}

func compare(t testing.TB, what string, actual, expected any) {
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

func pointed[T ~int64](value *T) any {
	if value == nil {
		return nil
	}
	return number(int(*value))
}

func orNil[T comparable](value T, otherwise any) any {
	var zero T
	if value == zero {
		return nil
	}
	return otherwise
}
