package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

const marker = "lk_marker_8d1f"

// forms are all the ways in which a value ends up in a log.
func forms(value any) string {
	text := logged(value)
	if written, err := json.Marshal(value); err == nil {
		text += string(written)
	}
	return text
}

// logged are those of them that are no serialisation.
func logged(value any) string {
	var text strings.Builder
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&text, format+"\n", value)
	}
	slog.New(slog.NewTextHandler(&text, nil)).Info("one", "value", value)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("one", "value", value)
	return text.String()
}

func refuseMarker(t *testing.T, what string, value any) {
	t.Helper()
	printed := forms(value)
	for _, form := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprintf("%v", []byte(marker))} {
		if strings.Contains(printed, form) {
			t.Errorf("%s shows the credential:\n%s", what, printed)
		}
	}
}

func TestNothingPrintableShowsACredential(t *testing.T) {
	bad := linktor.New("Bearer " + marker)
	refuseMarker(t, "client of a bad key", bad)
	refuseMarker(t, "its error", bad.Err())
	refuseMarker(t, "token", linktor.Token{Value: marker, ExpiresIn: time.Hour})
	refuseMarker(t, "pointer to a token", &linktor.Token{Value: marker})
	refuseMarker(t, "struct with a token", struct{ Token linktor.Token }{linktor.Token{Value: marker}})
	for _, value := range []any{
		linktor.OAuth{ClientID: "client-1", ClientSecret: marker, RefreshToken: new(marker), AccessToken: new(marker)},
		linktor.JWT{Subject: "user-1", Secret: marker, Claims: map[string]any{"note": marker}},
	} {
		refuseMarker(t, fmt.Sprintf("%T", value), value)
		refuseMarker(t, fmt.Sprintf("struct with a %T", value), struct{ Value any }{value})
	}
	refuseMarker(t, "option", linktor.WithAPIKey(marker))
	refuseMarker(t, "options", []linktor.Option{linktor.WithAccessToken(marker), linktor.WithProxy("http://" + marker)})

	for name, options := range map[string][]linktor.Option{
		"line feed":       {linktor.WithAPIKey(marker + "\n" + marker)},
		"beyond ASCII":    {linktor.WithAPIKey(marker + "é")},
		"invalid UTF-8":   {linktor.WithAPIKey(marker + "\xff")},
		"two credentials": {linktor.WithAPIKey(marker), linktor.WithAccessToken(marker)},
		"proxy":           {linktor.WithAPIKey(marker), linktor.WithProxy("::" + marker), linktor.WithBaseURL("https://api.example.com")},
		"base URL":        {linktor.WithAPIKey(marker), linktor.WithBaseURL("https://u:" + marker + "@h/")},
		"header":          {linktor.WithAPIKey(marker), linktor.WithHeader("x-a", marker+"\n")},
		"OAuth":           {linktor.WithOAuth(linktor.OAuth{ClientID: "c", ClientSecret: marker + "\xff"})},
		"JWT":             {linktor.WithJWT(linktor.JWT{Subject: "", Secret: marker})},
		"JWT's claims":    {linktor.WithJWT(linktor.JWT{Secret: marker, Claims: map[string]any{"f": func() {}}})},
		"password":        {linktor.WithPassword("", marker)},
		"provider":        {linktor.WithAPIKey(marker), linktor.WithCustomProvider(&linktor.Provider{Name: "mine", Headers: linktor.ProviderHeaders{Fixed: map[string]string{"x-a": marker}}})},
	} {
		if _, err := linktor.NewClient(options...); err == nil {
			t.Errorf("%s is no error", name)
		} else {
			refuseMarker(t, name, err)
		}
	}
}

func TestARequestForConsentShowsItsSecretsInItsJSONAlone(t *testing.T) {
	request := linktor.AuthorizationRequest{URL: marker, State: marker, Verifier: marker, RedirectURI: "https://app.example.com"}
	for _, value := range []any{request, &request} {
		if printed := logged(value); strings.Contains(printed, marker) || !strings.Contains(printed, request.RedirectURI) {
			t.Error(printed)
		}
	}
}

func TestATestDoesNotShowTheUsersData(t *testing.T) {
	test := linktor.AuthTest{Valid: true, Data: json.RawMessage(`"` + marker + `"`)}
	bytes := fmt.Sprint([]byte(marker))
	for _, value := range []any{test, &test} {
		printed := logged(value)
		if strings.Contains(printed, marker) || strings.Contains(printed, bytes[1:len(bytes)-1]) || !strings.Contains(printed, "true") {
			t.Error(printed)
		}
	}
}

func TestAnAnswerIsLoggedAndWrittenWithoutHeadersAndBody(t *testing.T) {
	list := object{"data": []string{marker}, "meta": object{"page": 1}}
	answer := object{"json": list, "headers": object{"X-Note": marker, "X-Request-Id": "r-1"}}
	reset(t, answer, answer)
	client := newClient(t, withKey())
	response, err := client.Get(t.Context(), "/contacts")
	if err != nil {
		t.Fatal(err)
	}
	for page, err := range client.Pages(t.Context(), "/contacts") {
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []any{response, *response, page, *page} {
			refuseMarker(t, fmt.Sprintf("%T", value), value)
			if printed := logged(value); strings.Count(printed, "r-1") < 9 {
				t.Errorf("%T: %s", value, printed)
			}
		}
		refuseMarker(t, "in a struct", struct{ Value any }{*page})
	}
	text, err := json.Marshal(response)
	if expected := `{"status":200,"bytes":45,"request_id":"r-1","attempts":1}`; err != nil || string(text) != expected {
		t.Errorf("%s, %v", text, err)
	}
	var nothing *linktor.Response
	if printed := forms(nothing); strings.Contains(printed, "PANIC") || strings.Contains(printed, "panicked") {
		t.Error(printed)
	}
}

func TestAnErrorIsLoggedAndWrittenWithoutDetailsAndBody(t *testing.T) {
	body := object{"error": object{"code": "INVALID", "message": "no", "details": object{"note": marker}}}
	reset(t, object{"status": 422, "json": body}, object{"body": `"` + marker})
	client := newClient(t, withKey())
	_, refused := client.Get(t.Context(), "/me")
	response, err := client.Get(t.Context(), "/me")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"refused": refused, "undecodable": response.Decode(new(any))} {
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || !strings.Contains(string(failure.Details)+failure.Body, marker) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, value := range []any{failure, *failure, struct{ Err any }{*failure}, fmt.Errorf("wrapped: %w", failure)} {
			refuseMarker(t, name, value)
		}
		if text, err := json.Marshal(failure); err != nil || !strings.HasPrefix(string(text), `"linktor: `) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
}

func TestNoErrorOfACallShowsTheCredential(t *testing.T) {
	echo := object{"message": "no such key: " + marker, "key": marker}
	for name, answer := range map[string]object{
		"echo":         {"status": 401, "json": echo, "headers": object{"X-Request-Id": "r-1"}},
		"server":       {"status": 500, "body": "<p>" + marker + "</p>"},
		"reset":        {"reset": true},
		"truncate":     {"truncate": true, "body": "half of " + marker + " is missing from this body"},
		"redirect":     {"redirect": "http://elsewhere.example/?key=" + marker},
		"slow":         {"delay_ms": 10000, "body": ""},
		"invalid JSON": {"body": "{"},
	} {
		reset(t, answer)
		client := newClient(t, linktor.WithAPIKey(marker))
		response, err := client.Get(t.Context(), "/me", linktor.Query("key", marker),
			linktor.Timeout(200*time.Millisecond), linktor.MaxRetries(0))
		if err == nil {
			refuseMarker(t, name, response)
			var v object
			err = response.Decode(&v)
		}
		if err == nil {
			t.Errorf("%s is no error", name)
			continue
		}
		refuseMarker(t, name, err)
		for _, cause := range err.(*linktor.Error).Unwrap() {
			refuseMarker(t, name+"'s cause", cause)
		}
		refuseMarker(t, name+"'s client", client)
		refuseMarker(t, name+"'s client by value", struct{ c any }{client})
	}
}

func TestNoErrorOfASourceShowsItsToken(t *testing.T) {
	reset(t, object{"status": 403, "json": object{"message": marker}})
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
		return linktor.Token{Value: marker}, nil
	})))
	_, err := client.Get(t.Context(), "/me")
	if !errors.Is(err, linktor.ErrPermission) {
		t.Error(err)
	}
	refuseMarker(t, "error", err)
	refuseMarker(t, "client", client)
}
