package linktor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func init() { programs["unmade"] = callUnmade }

// unmade are values that nobody made as they are to be made.
var unmade = map[string]func() any{
	"(*Client)(nil)":        func() any { return (*linktor.Client)(nil) },
	"(*Client)(nil).Auth()": func() any { return (*linktor.Client)(nil).Auth() },
	"Client{}":              func() any { return &linktor.Client{} },
	"Client{}.Auth()":       func() any { return (&linktor.Client{}).Auth() },
	"Auth{}":                func() any { return linktor.Auth{} },
	"Response{}":            func() any { return &linktor.Response{} },
}

// methodsOf gives the methods of a value that are not only for printing it.
func methodsOf(value any) []string {
	var names []string
	for i := range reflect.TypeOf(value).NumMethod() {
		if name := reflect.TypeOf(value).Method(i).Name; name != "Format" && name != "GoString" {
			names = append(names, name)
		}
	}
	return names
}

// argumentsOf gives the arguments of a method that are neither missing nor bad.
func argumentsOf(method reflect.Type, ctx context.Context) []reflect.Value {
	good := []any{"/me", []string{"read:users"}, &linktor.Request{Method: "GET", Path: "/me"}, linktor.WithAPIKey("key-1"),
		&linktor.AuthorizationRequest{State: "state-1", Verifier: "verifier-1", RedirectURI: "https://app.example.com/"}}
	count := method.NumIn()
	if method.IsVariadic() {
		count--
	}
	arguments := make([]reflect.Value, count)
	for i := range arguments {
		in := method.In(i)
		arguments[i] = reflect.Zero(in)
		switch {
		case in == reflect.TypeFor[context.Context]() && ctx != nil:
			arguments[i] = reflect.ValueOf(ctx)
		case in == reflect.TypeFor[any]():
			arguments[i] = reflect.ValueOf(new(any))
		}
		for _, value := range good {
			if reflect.TypeOf(value) == in {
				arguments[i] = reflect.ValueOf(value)
			}
		}
	}
	return arguments
}

// call calls a method, and gives the error that it ends with, wherever that is; it tells
// whether it can end with any.
func call(method reflect.Value, arguments []reflect.Value) (failure error, canFail bool) {
	for _, result := range method.Call(arguments) {
		switch value := result.Interface().(type) {
		case *linktor.Client:
			return value.Err(), true
		case error:
			return value, true
		}
		if result.Kind() == reflect.Func && result.Type().CanSeq2() {
			for _, second := range result.Seq2() {
				failure, _ = second.Interface().(error)
			}
			return failure, true
		}
		canFail = canFail || result.Type() == reflect.TypeFor[error]()
	}
	return nil, canFail
}

// callUnmade calls one method, in a process of its own: what nobody made may take the whole
// process with it.
func callUnmade(arguments []string) error {
	method := reflect.ValueOf(unmade[arguments[0]]()).MethodByName(arguments[1])
	err, canFail := call(method, argumentsOf(method.Type(), context.Background()))
	failure, isError := errors.AsType[*linktor.Error](err)
	switch {
	case isError:
		fmt.Printf("%s, sent %s", failure.Kind, failure.Sent)
	case canFail:
		fmt.Printf("error %v", err)
	default:
		fmt.Print("no error")
	}
	return nil
}

func TestWhatNobodyMadeIsAnErrorAndNoCrash(t *testing.T) {
	types := map[string]any{"Client": &linktor.Client{}, "Auth": linktor.Auth{}, "Response": &linktor.Response{}}
	// A response alone can be read as it was sent, but not as its client's family means it.
	others := map[string]string{
		"Response{}.Data": "invalid_request, sent no", "Response{}.MarshalJSON": "error <nil>",
		"Response{}.Decode": "error <nil>", "Response{}.Text": "error <nil>",
	}
	for name := range unmade {
		kind := "Client"
		if strings.Contains(name, "Auth") {
			kind = "Auth"
		} else if strings.Contains(name, "Response") {
			kind = "Response"
		}
		for _, method := range methodsOf(types[kind]) {
			t.Run(name+"."+method, func(t *testing.T) {
				t.Parallel()
				output, err := run(t, 20*time.Second, "unmade", name, method)
				expected, isOther := others[name+"."+method]
				if err != nil || isOther && output != expected || !isOther && output != "config, sent no" && output != "no error" {
					t.Errorf("%v: %.200s", err, output)
				}
			})
		}
	}
}

func TestANilContextIsAnErrorAndNoCrash(t *testing.T) {
	reset(t)
	client := consentClient(t)
	tried := 0
	for _, value := range []any{client, client.Auth()} {
		for _, name := range methodsOf(value) {
			method := reflect.ValueOf(value).MethodByName(name)
			if method.Type().NumIn() == 0 || method.Type().In(0) != reflect.TypeFor[context.Context]() {
				continue
			}
			tried++
			err, _ := call(method, argumentsOf(method.Type(), nil))
			failure, ok := errors.AsType[*linktor.Error](err)
			if !ok || failure.Kind != linktor.KindInvalidRequest || !strings.Contains(failure.Message, "context") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if tried < 12 {
		t.Errorf("only %d methods take a context", tried)
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

// consentClient makes a client that can ask for a user's consent.
func consentClient(t *testing.T) *linktor.Client {
	return newClient(t, linktor.WithProvider("api_v2"), linktor.WithBaseURL(sandbox.BaseURLs["api_v2"]),
		linktor.WithAuthURL(sandbox.AuthURLs["api_v2"]),
		linktor.WithOAuth(linktor.OAuth{ClientID: "client-1", ClientSecret: "invented"}))
}

func TestNilArgumentsAreErrorsOrNothing(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	if _, err := client.Get(t.Context(), "/me", nil, linktor.Query("a", nil), nil); err != nil {
		t.Error(err)
	}
	if _, err := client.Do(t.Context(), nil); !errors.Is(err, linktor.ErrInvalidRequest) {
		t.Error(err)
	}
	if _, err := linktor.NewClient(nil, withKey(), nil); err != nil {
		t.Error(err)
	}
	if err := linktor.New("key-1", nil).Err(); err != nil {
		t.Error(err)
	}
	password := linktor.WithPassword("ada@example.com", "invented")
	for name, options := range map[string][]linktor.Option{
		"token source":            {linktor.WithTokenSource(nil)},
		"function for a source":   {linktor.WithTokenSource(linktor.TokenSourceFunc(nil))},
		"token store":             {password, linktor.WithTokenStore(nil)},
		"pointer to a store":      {password, linktor.WithTokenStore((*nilStore)(nil))},
		"round tripper":           {password, linktor.WithRoundTripper(nil)},
		"pointer to a transport":  {password, linktor.WithRoundTripper((*http.Transport)(nil))},
		"logger":                  {password, linktor.WithLogger(nil)},
		"provider":                {password, linktor.WithCustomProvider(nil)},
		"list of limits":          {password, linktor.WithLimits(nil...)},
		"OAuth client of nothing": {linktor.WithProvider("api_v2"), linktor.WithOAuth(linktor.OAuth{})},
		"JWT of nothing":          {linktor.WithProvider("api_v2"), linktor.WithJWT(linktor.JWT{})},
	} {
		if _, err := linktor.NewClient(options...); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("nil %s: %v", name, err)
		}
	}
	_, err := consentClient(t).Auth().ExchangeCode(t.Context(), "https://app.example.com/?code=1&state=2", nil)
	if !errors.Is(err, linktor.ErrInvalidRequest) {
		t.Errorf("nil request for consent: %v", err)
	}
	if seen := journal(t); len(seen) != 1 {
		t.Errorf("%+v", seen)
	}
}

type nilStore struct{}

func (*nilStore) Load(context.Context, string) (string, error) { return "", nil }
func (*nilStore) Save(context.Context, string, string) error   { return nil }
