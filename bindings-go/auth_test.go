package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func withPassword() linktor.Option {
	known := sandbox.Credentials["linktor"]
	return linktor.WithPassword(known["email"], known["password"])
}

func TestALoginGivesTheSession(t *testing.T) {
	reset(t)
	auth := newClient(t, withPassword()).Auth()
	if session := auth.Session(); session != nil {
		t.Errorf("before the login: %v", session)
	}
	session, err := auth.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var user struct{ Email string }
	if err := json.Unmarshal(session.User, &user); err != nil || user.Email != sandbox.Credentials["linktor"]["email"] {
		t.Errorf("%+v, %v", user, err)
	}
	if session.ExpiresIn == nil || *session.ExpiresIn < 10*time.Minute || *session.ExpiresIn > 15*time.Minute {
		t.Errorf("%v", session)
	}
	if !strings.Contains(session.String(), "expires in 1") || strings.Contains(logged(session), user.Email) {
		t.Errorf("%v", session)
	}

	auth.Invalidate()
	if session := auth.Session(); session == nil || session.ExpiresIn != nil {
		t.Errorf("after invalidate: %v", session)
	}
	if session, err := auth.Refresh(t.Context()); err != nil || session.ExpiresIn == nil {
		t.Errorf("%v, %v", session, err)
	}
}

func TestATestSaysWhetherTheCredentialIsGood(t *testing.T) {
	reset(t)
	for key, valid := range map[string]bool{sandbox.Credentials["api_v2"]["api_key"]: true, "lk_invented": false} {
		client := linktor.NewAPIClient(key, linktor.WithBaseURL(sandbox.BaseURLs["api_v2"]))
		test, err := client.Auth().Test(t.Context())
		if err != nil || test.Valid != valid || (test.Data != nil) != valid {
			t.Errorf("%+v, %v", test, err)
		}
	}
}

func TestACredentialWithoutASessionHasNone(t *testing.T) {
	reset(t)
	auth := newClient(t, withKey()).Auth()
	auth.Invalidate()
	if session := auth.Session(); session != nil {
		t.Error(session)
	}
	if _, err := auth.Login(t.Context()); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
	if _, err := auth.AuthorizeURL(nil, "https://app.example.com/callback"); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestABadClientsAuthFailsWithItsError(t *testing.T) {
	client := linktor.New("")
	auth := client.Auth()
	auth.Invalidate()
	if session := auth.Session(); session != nil {
		t.Error(session)
	}
	if _, err := auth.Login(t.Context()); err != client.Err() {
		t.Error(err)
	}
	if _, err := auth.AuthorizeURL(nil, ""); err != client.Err() {
		t.Error(err)
	}
}

func TestCancellingEndsAnAuthCallAtOnce(t *testing.T) {
	reset(t, object{"delay_ms": 10000, "json": object{}})
	client := newClient(t, withPassword())
	cause := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() {
		_, err := client.Auth().Login(ctx)
		ended <- err
	}()
	eventually(t, "the login arrives", func() bool { return len(journal(t)) == 1 })

	start := time.Now()
	cancel(cause)
	err := <-ended
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	for _, target := range []error{context.Canceled, cause, linktor.ErrCancelled} {
		if !errors.Is(err, target) {
			t.Errorf("%v is no %v", err, target)
		}
	}
	if _, err := client.Auth().Login(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestASourceThatRefreshesItsOwnClientIsRefused(t *testing.T) {
	reset(t)
	var client *linktor.Client
	client = newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
		_, err := client.Auth().Refresh(ctx)
		return linktor.Token{}, err
	})))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := client.Get(ctx, "/me")
	outer, ok := errors.AsType[*linktor.Error](err)
	if !ok || outer.Kind != linktor.KindCallback || len(outer.Unwrap()) != 1 {
		t.Fatalf("%#v", err)
	}
	if inner, ok := outer.Unwrap()[0].(*linktor.Error); !ok || inner.Code != "recursive_token_source" {
		t.Errorf("%#v", outer.Unwrap()[0])
	}
}

func TestARequestForConsentGoesToAnotherProcessAsJSON(t *testing.T) {
	client, err := linktor.NewClient(linktor.WithProvider("api_v2"), linktor.WithOAuth(linktor.OAuth{
		ClientID: "client-1", ClientSecret: "secret-1",
	}))
	if err != nil {
		t.Fatal(err)
	}
	request, err := client.Auth().AuthorizeURL([]string{"read:users", "write:users"}, "https://app.example.com/callback")
	if err != nil {
		t.Fatal(err)
	}
	if request.RedirectURI != "https://app.example.com/callback" || !strings.Contains(request.URL, request.State) ||
		!strings.Contains(request.URL, "scope=read%3Ausers+write%3Ausers") && !strings.Contains(request.URL, "scope=read%3Ausers%20write%3Ausers") {
		t.Errorf("%s", request.URL)
	}

	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	var read linktor.AuthorizationRequest
	if err := errors.Join(json.Unmarshal(text, &fields), json.Unmarshal(text, &read)); err != nil || read != *request {
		t.Errorf("%s: %v", text, err)
	}
	if len(fields) != 4 || fields["verifier"] != request.Verifier || fields["redirect_uri"] != request.RedirectURI {
		t.Errorf("%v", fields)
	}

	for name, exchange := range map[string]struct {
		callback string
		request  *linktor.AuthorizationRequest
		kind     error
	}{
		"another state": {"/callback?code=c&state=other", request, linktor.ErrAuthentication},
		"no request":    {"/callback?code=c&state=" + request.State, nil, linktor.ErrInvalidRequest},
		"invalid UTF-8": {"/callback?code=\xff", request, linktor.ErrInvalidRequest},
	} {
		if _, err := client.Auth().ExchangeCode(t.Context(), exchange.callback, exchange.request); !errors.Is(err, exchange.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, scopes := range [][]string{{"a b"}, {""}, {"\xff"}} {
		if _, err := client.Auth().AuthorizeURL(scopes, request.RedirectURI); !errors.Is(err, linktor.ErrInvalidRequest) {
			t.Errorf("%q: %v", scopes, err)
		}
	}
}

func TestClaimsThatAreNotUTF8AreRefused(t *testing.T) {
	for _, claims := range []map[string]any{{"\xff": 1}, {"scopes": []string{"read", "\xff"}}} {
		if _, err := newClientWithClaims(claims); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%q: %v", claims, err)
		}
	}
	if _, err := newClientWithClaims(map[string]any{"name": "\ufffd"}); err != nil {
		t.Error(err)
	}
}

func newClientWithClaims(claims map[string]any) (*linktor.Client, error) {
	return linktor.NewClient(linktor.WithProvider("api_v2"),
		linktor.WithJWT(linktor.JWT{Secret: "secret-1", Subject: "user-1", Claims: claims}))
}

func TestATokenStoreThatCannotBeUsedIsATokenStoreError(t *testing.T) {
	reset(t)
	client := newClient(t, withPassword(), linktor.WithTokenStoreFile(filepath.Join(t.TempDir(), "missing", "tokens.json")))
	if _, err := client.Auth().Login(t.Context()); !errors.Is(err, linktor.ErrTokenStore) || errors.Is(err, linktor.ErrAPI) {
		t.Error(err)
	}
}
