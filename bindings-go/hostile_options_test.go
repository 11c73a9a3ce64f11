package linktor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// sample is an option with good arguments, and what it needs beside it.
type sample struct {
	option    any
	arguments []any
	beside    []linktor.Option
	is        sort
}

// sort says what an option's texts and bytes are.
type sort int

const (
	secret sort = iota // it is not to be seen in an error
	text               // so are its bytes, which are a text
	name               // it is one of some, so that an error names it
)

func samples(t *testing.T) map[string]sample {
	provider, err := linktor.NamedProvider("linkit")
	if err != nil {
		t.Fatal(err)
	}
	key, password := linktor.WithAPIKey("key-1"), linktor.WithPassword("ada@example.com", "invented")
	store := nilStore{}
	source := linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) { return linktor.Token{}, nil })
	second := []linktor.Option{linktor.WithProvider("api_v2"), linktor.WithAuthURL("https://auth.example.com")}
	with := func(beside ...linktor.Option) []linktor.Option { return beside }
	return map[string]sample{
		"WithProvider":          {linktor.WithProvider, []any{"linkit"}, with(key), name},
		"WithCustomProvider":    {linktor.WithCustomProvider, []any{provider}, with(key), name},
		"WithBaseURL":           {linktor.WithBaseURL, []any{"https://api.example.com/v1"}, with(key), secret},
		"WithAuthURL":           {linktor.WithAuthURL, []any{"https://auth.example.com"}, with(linktor.WithProvider("api_v2"), key), secret},
		"WithTokenStoreFile":    {linktor.WithTokenStoreFile, []any{filepath.Join(t.TempDir(), "tokens")}, with(password), secret},
		"WithTokenStore":        {linktor.WithTokenStore, []any{&store}, with(password), secret},
		"WithOrganization":      {linktor.WithOrganization, []any{"org_1"}, with(key), secret},
		"WithTimeout":           {linktor.WithTimeout, []any{time.Second}, with(key), secret},
		"WithConnectTimeout":    {linktor.WithConnectTimeout, []any{time.Second}, with(key), secret},
		"WithDeadline":          {linktor.WithDeadline, []any{time.Second}, with(key), secret},
		"WithMaxRetries":        {linktor.WithMaxRetries, []any{1}, with(key), secret},
		"WithMaxRetryWait":      {linktor.WithMaxRetryWait, []any{time.Second}, with(key), secret},
		"WithRetryBudget":       {linktor.WithRetryBudget, []any{1}, with(key), secret},
		"WithPacing":            {linktor.WithPacing, []any{linktor.PacingOff}, with(key), name},
		"WithLimits":            {linktor.WithLimits, []any{linktor.Limit{Limit: 1, Window: time.Second, Class: "messages"}}, with(key), name},
		"WithLimitTier":         {linktor.WithLimitTier, []any{"published"}, with(key), name},
		"WithMaxConnections":    {linktor.WithMaxConnections, []any{1}, with(key), secret},
		"WithHeader":            {linktor.WithHeader, []any{"X-Team", "blue"}, with(key), secret},
		"WithHeaders":           {linktor.WithHeaders, []any{http.Header{"X-Team": {"blue", "red"}}}, with(key), secret},
		"WithClientVersion":     {linktor.WithClientVersion, []any{"1.2.3"}, with(key), secret},
		"WithProxy":             {linktor.WithProxy, []any{"http://proxy.example.com:3128"}, with(key), secret},
		"WithRootCertificates":  {linktor.WithRootCertificates, []any{certificate(t)}, with(key), text},
		"WithAllowInsecureHTTP": {linktor.WithAllowInsecureHTTP, nil, with(key), secret},
		"WithLogger":            {linktor.WithLogger, []any{slog.New(slog.DiscardHandler)}, with(key), secret},
		"WithRoundTripper":      {linktor.WithRoundTripper, []any{&refusing{}}, with(key), secret},
		"WithAPIKey":            {linktor.WithAPIKey, []any{"key-1"}, nil, secret},
		"WithAccessToken":       {linktor.WithAccessToken, []any{"token-1"}, nil, secret},
		"WithPassword":          {linktor.WithPassword, []any{"ada@example.com", "invented"}, nil, secret},
		"WithOAuth": {linktor.WithOAuth, []any{linktor.OAuth{ClientID: "client-1", ClientSecret: "invented",
			RefreshToken: new("refresh-1"), AccessToken: new("token-1"), Account: new("ada")}}, second, secret},
		"WithJWT": {linktor.WithJWT, []any{linktor.JWT{Secret: "invented", Subject: "user-1", Issuer: new("issuer-1"),
			Claims: map[string]any{"scope": []any{"read:users"}}, TTL: new(time.Minute)}}, second, secret},
		"WithTokenSource": {linktor.WithTokenSource, []any{source}, nil, secret},
		"WithAnonymous":   {linktor.WithAnonymous, nil, nil, secret},
	}
}

// certificate makes one, in PEM.
func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made})
}

func TestEveryOptionRefusesWhatIsHostile(t *testing.T) {
	samples := samples(t)
	for _, option := range exported(t, "Option") {
		sample, isThere := samples[option]
		if !isThere {
			t.Errorf("there is no sample of %s", option)
			continue
		}
		made := func(option linktor.Option) error {
			_, err := linktor.NewClient(append(slices.Clone(sample.beside), option)...)
			return err
		}
		calls := hostileArguments(sample.arguments)
		if err := made(give[linktor.Option](sample.option, valuesOf(sample.arguments))); err != nil {
			t.Errorf("%s: the sample: %v", option, err)
		}
		for _, call := range calls {
			err := made(give[linktor.Option](sample.option, call.arguments))
			what := option + " " + call.where
			checkHostile(t, what, err, call.isText || call.isBytes && sample.is != secret, linktor.KindConfig)
			if sample.is != name {
				refuseMarker(t, what, err)
			}
		}
	}
}

// checkHostile checks what became of something hostile: an error of this kind, or nothing if
// it need not fail.
func checkHostile(t *testing.T, what string, err error, mustFail bool, kinds ...linktor.Kind) {
	t.Helper()
	if err == nil {
		if mustFail {
			t.Errorf("%s is no error", what)
		}
		return
	}
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || !slices.Contains(kinds, failure.Kind) || failure.Sent != linktor.SentNo || failure.Attempts != 0 {
		t.Errorf("%s: %.300v", what, err)
	}
	if mustFail && ok && !strings.Contains(failure.Message+fmt.Sprint(failure.Unwrap()), "UTF-8") {
		t.Errorf("%s is another error: %.300v", what, err)
	}
}
