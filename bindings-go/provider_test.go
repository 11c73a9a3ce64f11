package linktor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
	"github.com/linktor/linktor-go/webhook"
)

var families = []string{"linktor", "linkit", "libromi", "api_v1", "api_v2"}

// ownProvider is one of which a test says more.
func ownProvider() *linktor.Provider {
	return &linktor.Provider{Name: "mine", Credentials: []linktor.CredentialKind{linktor.CredentialAPIKey}}
}

func TestABuiltInFamilyCanBeChangedAndIsItselfTheNextTime(t *testing.T) {
	provider, err := linktor.NamedProvider("linkit")
	if err != nil {
		t.Fatal(err)
	}
	provider.Headers.Organization = "x-tenant"
	provider.Paging.Total[0] = "/all"
	reset(t, object{"json": object{"success": true, "data": []int{}}})
	client, err := linktor.NewClient(linktor.WithCustomProvider(provider), linktor.WithBaseURL(sandbox.BaseURLs["linkit"]),
		linktor.WithAPIKey(sandbox.Credentials["linkit"]["api_key"]), linktor.WithOrganization("org_1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), "/products"); err != nil {
		t.Fatal(err)
	}
	if headers := fmt.Sprint(journal(t)[0].Headers); !strings.Contains(headers, "[x-tenant org_1]") {
		t.Error(headers)
	}
	again, err := linktor.NamedProvider("linkit")
	if err != nil || again.Headers.Organization != "x-organization-id" || again.Paging.Total[0] != "/total_count" {
		t.Errorf("%v, %s", err, writeProvider(t, again))
	}
}

func TestABuiltInFamilyAsDataSpeaksAsByItsName(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	for _, family := range families {
		provider, err := linktor.NamedProvider(family)
		if err != nil {
			t.Fatal(err)
		}
		client := sandbox.Client(linktortest.Family(family), linktor.WithCustomProvider(provider))
		test, err := client.Auth().Test(t.Context())
		if err != nil || !test.Valid || client.String() != "linktor.Client("+family+")" {
			t.Errorf("%v: %v, %v", client, test, err)
		}
	}
}

func TestThereIsNoOtherFamily(t *testing.T) {
	for _, name := range []string{"", "parcels", "\xff", "Linktor", `linktor"`} {
		if provider, err := linktor.NamedProvider(name); !errors.Is(err, linktor.ErrConfig) || provider != nil {
			t.Errorf("%q: %v, %v", name, provider, err)
		}
	}
}

func TestAClientSpeaksAsItsProviderSays(t *testing.T) {
	document, err := os.ReadFile("../examples/rust/sixth_api.json")
	if err != nil {
		t.Fatal(err)
	}
	login := object{"json": object{
		"session": object{"token": "parcel-token", "seconds": 600}, "depot": "north", "clerk": object{"email": "c@example.com"},
	}}
	reset(t, login,
		object{"json": object{"name": "Clerk"}},
		object{"json": object{"data": []string{"P-1", "P-2"}, "more": true}},
		object{"status": 401, "json": object{"fault": "SESSION_OVER", "reason": "log in again"}}, login,
		object{"json": object{"data": []string{"P-3"}, "more": false}},
		object{"status": 404, "json": object{"fault": "NO_SUCH_PARCEL", "reason": "it is lost"}})
	client := newClient(t, linktor.WithCustomProvider(readProvider(t, string(document))), linktor.WithPassword("c@example.com", "invented"))
	test, err := client.Auth().Test(t.Context())
	if err != nil || !test.Valid || string(test.Data) != `{"name":"Clerk"}` {
		t.Errorf("%s, %v", test.Data, err)
	}
	if session := client.Auth().Session(); session.Organization != "north" || string(session.User) != `{"email":"c@example.com"}` {
		t.Errorf("%v, %s", session, session.User)
	}
	var found []string
	for parcel, err := range linktor.Items[string](client.Pages(t.Context(), "/parcels", linktor.Query("n", 80))) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, parcel)
	}
	if !slices.Equal(found, []string{"P-1", "P-2", "P-3"}) {
		t.Error(found)
	}
	_, err = client.Get(t.Context(), "/lost")
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Code != "NO_SUCH_PARCEL" || failure.Message != "it is lost" {
		t.Error(err)
	}
	var asked []string
	for _, entry := range journal(t) {
		query := ""
		if entry.Query != nil {
			query = "?" + *entry.Query
		}
		asked = append(asked, entry.Path[strings.LastIndex(entry.Path, "/")+1:]+query)
	}
	expected := []string{"login", "whoami", "parcels?n=50&p=1", "parcels?n=50&p=2", "login", "parcels?n=50&p=2", "lost"}
	if !slices.Equal(asked, expected) {
		t.Error(asked)
	}
	if client.String() != "linktor.Client(parcels)" {
		t.Error(client)
	}
}

func TestAProviderCountsAsItIsWhenTheClientIsMade(t *testing.T) {
	provider := ownProvider()
	option := linktor.WithCustomProvider(provider)
	provider.Name = "later"
	client, err := linktor.NewClient(linktor.WithAPIKey("lk_invented"), linktor.WithBaseURL("https://api.example.com"), option)
	if err != nil || client.String() != "linktor.Client(later)" {
		t.Errorf("%v, %v", client, err)
	}
	client, err = linktor.NewClient(linktor.WithAPIKey("lk_invented"), option, linktor.WithProvider("linkit"))
	if err != nil || client.String() != "linktor.Client(linkit)" {
		t.Errorf("of the one given last: %v, %v", client, err)
	}
}

func TestWhatCannotBeAProviderIsTheErrorOfTheClient(t *testing.T) {
	for place, change := range map[string]func(*linktor.Provider){
		"name must be":                func(p *linktor.Provider) { p.Name = "my api" },
		"missing field `credentials`": func(p *linktor.Provider) { p.Credentials = nil },
		"credentials[0]: ":            func(p *linktor.Provider) { p.Credentials[0] = "cookie" },
		"auth.login":                  func(p *linktor.Provider) { p.Credentials[0] = linktor.CredentialPassword },
		"headers.api_key: ":           func(p *linktor.Provider) { p.Headers.APIKey = "Basic" },
		"paging.max_size: ":           func(p *linktor.Provider) { p.Paging.MaxSize = -1 },
		"paging.items ":               func(p *linktor.Provider) { p.Paging.Items = []string{"data"} },
		"always and by codes": func(p *linktor.Provider) {
			p.Refreshable = linktor.ProviderRefreshable{Always: true, Codes: []string{"A"}}
		},
		"by the credential and by a name": func(p *linktor.Provider) { p.Rate.DefaultTier = linktor.ProviderTier{Named: "a", ByCredential: true} },
		"rate.default_tier":               func(p *linktor.Provider) { p.Rate.DefaultTier.Named = "free" },
		"rate.classes[0]: missing field":  func(p *linktor.Provider) { p.Rate.Classes = []linktor.ProviderRateClass{{Name: "slow"}} },
		"rate.tiers: `a`: a window":       func(p *linktor.Provider) { p.Rate.Tiers = map[string][]linktor.Limit{"a": {{Limit: 1}}} },
		"rate.tiers.a[0].window: ": func(p *linktor.Provider) {
			p.Rate.Tiers = map[string][]linktor.Limit{"a": {{Limit: 1, Window: -time.Second}}}
		},
		"not valid UTF-8":    func(p *linktor.Provider) { p.BaseURL = "\xff" },
		"json.RawMessage":    func(p *linktor.Provider) { p.Webhook = json.RawMessage(`{`) },
		"webhook: missing":   func(p *linktor.Provider) { p.Webhook = json.RawMessage(`{}`) },
		"webhook.signature.": func(p *linktor.Provider) { p.Webhook = json.RawMessage(`{"signature": {"kind": "rsa"}}`) },
	} {
		provider := ownProvider()
		change(provider)
		_, err := linktor.NewClient(linktor.WithAPIKey("lk_invented"), linktor.WithCustomProvider(provider))
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || failure.Kind != linktor.KindConfig || !strings.Contains(failure.Message, place) {
			t.Errorf("%s: %v", place, err)
		}
	}
	if err := linktor.New("lk_invented", linktor.WithCustomProvider(nil)).Err(); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}

func TestTheDeliveriesOfAProviderAreVerified(t *testing.T) {
	provider := ownProvider()
	provider.Webhook = json.RawMessage(`{"signature": {"kind": "hmac", "header": "X-Sign"}, "event": {"id": ["/delivery"]}}`)
	scheme := webhook.SchemeJSON(writeProvider(t, provider))
	body := []byte(`{"delivery": "d-1"}`)
	header, err := webhook.Sign(scheme, body, "invented-secret")
	if err != nil || header.Get("X-Sign") == "" {
		t.Fatal(header, err)
	}
	event, err := webhook.Verify(scheme, body, header, "invented-secret")
	if err != nil || event.ID != "d-1" {
		t.Error(event, err)
	}
	silent := webhook.SchemeJSON(writeProvider(t, ownProvider()))
	if _, err := webhook.NewVerifier(silent, []string{"invented-secret"}); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}

func TestAProviderPrintsByItsName(t *testing.T) {
	provider := readProvider(t, full)
	provider.Headers.Fixed["x-a"] = marker
	for _, value := range []any{provider, *provider} {
		if printed := logged(value); strings.Contains(printed, marker) || !strings.Contains(printed, "linktor.Provider(parcels)") {
			t.Error(printed)
		}
	}
}
