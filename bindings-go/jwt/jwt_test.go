package jwt_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/jwt"
)

const secret = "invented-secret"

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestAStructMayBeClaims(t *testing.T) {
	type claims struct {
		Subject string `json:"sub"`
		Expiry  int64  `json:"exp"`
	}
	given := claims{"user-1", now.Unix() + 60}
	token, err := jwt.Sign(given, secret, jwt.Now(now))
	if err != nil {
		t.Fatal(err)
	}
	var read claims
	if err := jwt.Verify(token, secret, &read, jwt.Now(now), nil); err != nil || read != given {
		t.Errorf("%v, %v", read, err)
	}
	var raw json.RawMessage
	expected := `{"exp":1767323105,"iat":1767323045,"sub":"user-1"}`
	if err := jwt.Verify(token, secret, &raw, jwt.Now(now)); err != nil || string(raw) != expected {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestARefusedTokenIsAnErrorWithACode(t *testing.T) {
	token, err := jwt.Sign(map[string]string{"sub": "user-1"}, secret, jwt.Now(now), jwt.ExpiresIn(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{"kept": true}
	for code, err := range map[string]error{
		"token_expired":      jwt.Verify(token, secret, &claims, jwt.Now(now.Add(time.Minute))),
		"issuer_mismatch":    jwt.Verify(token, secret, &claims, jwt.Now(now), jwt.Issuer("")),
		"signature_mismatch": jwt.Verify(token, "another", &claims, jwt.Now(now)),
		"token_malformed":    jwt.Verify("no-token", secret, &claims),
	} {
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || !errors.Is(err, linktor.ErrAuthentication) || failure.Code != code || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", code, err)
		}
	}
	if len(claims) != 1 {
		t.Error(claims)
	}
	if err := jwt.Verify(token, secret, &claims, jwt.Now(now.Add(90*time.Second)), jwt.Leeway(time.Minute)); err != nil {
		t.Error(err)
	}
}

func TestATokenThatIsNotUTF8IsMalformed(t *testing.T) {
	token, err := jwt.Sign(map[string]string{"sub": "user-1"}, secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"a.b.c\xff", token + "\xff"} {
		err := jwt.Verify(token, secret, new(any))
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || !errors.Is(err, linktor.ErrAuthentication) || failure.Code != "token_malformed" {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestAReplacementCharacterMayBeClaimed(t *testing.T) {
	token, err := jwt.Sign(map[string]string{"sub": "\ufffd"}, secret)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Sub string }
	if err := jwt.Verify(token, secret, &claims); err != nil || claims.Sub != "\ufffd" {
		t.Errorf("%+v, %v", claims, err)
	}
}

func TestWhatCannotBeSignedOrReadIsRefused(t *testing.T) {
	claims := map[string]any{"sub": "user-1"}
	for name, one := range map[string]struct {
		claims any
		secret string
		option jwt.SignOption
		kind   error
	}{
		"no claims":      {nil, secret, nil, linktor.ErrInvalidRequest},
		"a list":         {[]int{1}, secret, nil, linktor.ErrInvalidRequest},
		"not a number":   {map[string]any{"n": math.NaN()}, secret, nil, linktor.ErrInvalidRequest},
		"claims' UTF-8":  {map[string]any{"sub": "\xff"}, secret, nil, linktor.ErrInvalidRequest},
		"secret's UTF-8": {claims, "\xff", nil, linktor.ErrInvalidRequest},
		"issuer's UTF-8": {claims, secret, jwt.Issuer("\xff"), linktor.ErrInvalidRequest},
		"no secret":      {claims, "", nil, linktor.ErrConfig},
		"no life":        {claims, secret, jwt.ExpiresIn(0), linktor.ErrInvalidRequest},
		"negative life":  {claims, secret, jwt.ExpiresIn(-time.Minute), linktor.ErrConfig},
	} {
		if token, err := jwt.Sign(one.claims, one.secret, one.option); !errors.Is(err, one.kind) {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}

	_, err := jwt.Sign(map[string]any{"n": math.NaN()}, secret)
	if _, ok := errors.AsType[*json.UnsupportedValueError](err); !ok {
		t.Errorf("json's own error is not wrapped: %v", err)
	}
	token, err := jwt.Sign(claims, secret)
	if err != nil {
		t.Fatal(err)
	}
	var other struct {
		Subject int `json:"sub"`
	}
	if err := jwt.Verify(token, secret, &other); !errors.Is(err, linktor.ErrDecode) {
		t.Error(err)
	}
	if err := jwt.Verify(token, secret, &other, jwt.Leeway(-time.Second)); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}
