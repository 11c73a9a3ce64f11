package linktor_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/linktor/linktor-go"
)

// header gives the header of a request that the server saw.
func (e entry) header(name string) string {
	for _, pair := range e.Headers {
		if pair[0] == name {
			return pair[1]
		}
	}
	return ""
}

func TestAHandleSpeaksForItsOrganization(t *testing.T) {
	reset(t, object{"json": object{}}, object{"json": object{}})
	client := linktor.NewLinkit("key-1", linktor.WithBaseURL(sandbox.BaseURLs["linkit"]))
	handle := client.WithOrganization("org_1")
	if handle.Err() != nil || handle.String() != client.String() {
		t.Errorf("%v, %v", handle, handle.Err())
	}
	_, err := handle.Get(t.Context(), "/products")
	_, err2 := client.Get(t.Context(), "/products")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	seen := journal(t)
	if seen[0].header("x-organization-id") != "org_1" || seen[1].header("x-organization-id") != "" {
		t.Errorf("%+v", seen)
	}
}

func TestAHandleSpeaksForSomebodyElse(t *testing.T) {
	reset(t, object{"json": object{}}, object{"json": object{}}, object{"json": object{}})
	client := newClient(t, withKey())
	source := linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) { return linktor.Token{Value: "token-2"}, nil })
	for _, handle := range []*linktor.Client{
		client.WithCredentials(linktor.WithAccessToken("token-1")),
		client.WithCredentials(linktor.WithTokenSource(source)),
		client.WithCredentials(linktor.WithTokenSource(source)).WithOrganization("org_1"),
	} {
		if _, err := handle.Get(t.Context(), "/me"); err != nil {
			t.Error(err)
		}
	}
	var tokens []string
	for _, entry := range journal(t) {
		tokens = append(tokens, entry.header("authorization"))
	}
	if !slices.Equal(tokens, []string{"Bearer token-1", "Bearer token-2", "Bearer token-2"}) {
		t.Error(tokens)
	}
}

func TestAHandleThatCannotBeIsAnErrorOfItsCalls(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	for name, handle := range map[string]*linktor.Client{
		"empty organization":   client.WithOrganization(""),
		"invalid organization": client.WithOrganization("\xff"),
		"no credential":        client.WithCredentials(nil),
		"empty credential":     client.WithCredentials(linktor.WithAPIKey("")),
		"no credential at all": client.WithCredentials(linktor.WithBaseURL("https://api.example.com")),
		"of a bad client":      linktor.New("").WithOrganization("org_1"),
		"of a bad handle":      client.WithOrganization("").WithCredentials(withKey()),
	} {
		if !errors.Is(handle.Err(), linktor.ErrConfig) {
			t.Errorf("%s: %v", name, handle.Err())
		}
		if _, err := handle.Get(t.Context(), "/me"); err != handle.Err() {
			t.Errorf("%s: %v", name, err)
		}
		handle.Close()
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestClosingTheRootEndsItsHandlesAndNotTheOtherWayRound(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	handles := []*linktor.Client{client.WithOrganization("org_1"), client.WithCredentials(withKey())}
	for _, handle := range handles {
		handle.Close()
	}
	for _, one := range append(handles, client) {
		if _, err := one.Get(t.Context(), "/me"); err != nil {
			t.Error(err)
		}
	}
	client.Close()
	for _, one := range append(handles, client) {
		if _, err := one.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestAHandleOutlivesTheClientThatItWasMadeOf(t *testing.T) {
	reset(t, object{"json": object{}})
	handle := func() *linktor.Client {
		client, err := linktor.NewClient(linktor.WithBaseURL(sandbox.BaseURLs["linktor"]),
			linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) { return linktor.Token{Value: "token-1"}, nil })))
		if err != nil {
			t.Fatal(err)
		}
		return client.WithOrganization("org_1")
	}()
	for range 3 {
		runtime.GC()
	}
	if _, err := handle.Get(t.Context(), "/me"); err != nil {
		t.Error(err)
	}
}
