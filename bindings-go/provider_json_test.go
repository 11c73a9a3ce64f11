package linktor_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/internal/ffi"
)

// full says something in every field of a document.
const full = `{
	"name": "parcels", "base_url": "https://api.parcels.example/v3",
	"environment": {"api_key": "A", "base_url": "B", "organization": "C", "allow_insecure_http": "D"},
	"credentials": ["api_key", "bearer", "password", "oauth", "jwt", "source"],
	"headers": {"api_key": "raw", "token": "raw", "organization": "x-depot", "request_id": "x-trace",
		"client_version": "x-version", "fixed": {"x-a": "<1>"}, "always_json": true},
	"refreshable": {"codes": ["OVER"]},
	"auth": {"login": "/login", "refresh": "/refresh",
		"oauth": {"url": "https://auth.parcels.example", "authorize": "/a", "token": "/t"}, "jwt_issuer": "parcels",
		"test": {"path": "/whoami", "query": [["a", "b"]], "valid": ["/ok"]},
		"grant": {"access_token": ["/a"], "refresh_token": [], "expires_in": ["/c"], "expires_at": ["/d"],
			"organization": ["/e"], "user": ["/f", ""]}},
	"unsafe_routes": [{"path": "/a"}, {"method": "PUT", "path": "/b/*"}],
	"rate": {"classes": [{"name": "slow", "routes": [{"path": "/slow/**"}]}],
		"tiers": {"free": [{"limit": 1, "window": 0.57, "class": "slow"}, {"limit": 9007199254740993, "window": 31536000}]},
		"default_tier": {"named": "free"}},
	"paging": {"page_parameter": "p", "size_parameter": "n", "max_size": 50, "items": ["/items"], "current": ["/c"],
		"size": ["/s"], "has_next": ["/more"], "pages": ["/p"], "total": ["/t"]},
	"envelope": {"keys": ["data", "more"], "list_keys": ["more"], "failed_status": ["failed"]},
	"errors": {"code": ["/fault"], "message": ["/reason"], "details": ["/more"], "retry_after": ["/wait"]},
	"webhook": {"signature": {"kind": "hmac", "header": "X-Sign", "prefix": "v=", "prefix_optional": true,
		"timestamp_header": "X-Time"}, "event": {"id": ["/delivery"]}}}`

func readProvider(t testing.TB, document string) *linktor.Provider {
	t.Helper()
	var provider linktor.Provider
	if err := json.Unmarshal([]byte(document), &provider); err != nil {
		t.Fatal(err)
	}
	return &provider
}

// wholeProvider is what the core reads of a document.
func wholeProvider(t testing.TB, document string) string {
	t.Helper()
	whole, err := ffi.Provider(document)
	if err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	return whole
}

func writeProvider(t testing.TB, provider *linktor.Provider) string {
	t.Helper()
	text, err := json.Marshal(provider)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestADocumentThatWasReadIsWrittenWhole(t *testing.T) {
	documents := map[string]string{
		"full":    full,
		"least":   `{"name": "mine", "credentials": []}`,
		"nothing": `{"name": "mine", "credentials": [], "paging": {"items": []}, "auth": {"oauth": {}, "grant": {"user": []}}}`,
		"always":  `{"name": "mine", "credentials": [], "refreshable": "always", "rate": {"default_tier": "credential"}}`,
		"no code": `{"name": "mine", "credentials": [], "refreshable": {"codes": []}}`,
	}
	for _, family := range families {
		documents[family] = `"` + family + `"`
	}
	for name, document := range documents {
		whole := wholeProvider(t, document)
		if again := wholeProvider(t, writeProvider(t, readProvider(t, document))); again != whole {
			t.Errorf("%s\n%s\n%s", name, again, whole)
		}
		var given, written any
		text := writeProvider(t, readProvider(t, whole))
		if err := errors.Join(json.Unmarshal([]byte(whole), &given), json.Unmarshal([]byte(text), &written)); err != nil {
			t.Fatal(err)
		}
		for _, missing := range missing(given, written, name) {
			t.Errorf("%s is not written", missing)
		}
	}
}

// missing are the places of a document that are not in what was written of it; what is off or
// never by default need not be.
func missing(given, written any, place string) []string {
	fields, isObject := given.(object)
	if !isObject {
		if reflect.DeepEqual(given, written) {
			return nil
		}
		return []string{place}
	}
	others, _ := written.(object)
	var places []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		other, isThere := others[name]
		if !isThere && slices.Contains([]any{false, "never", "none"}, fields[name]) {
			continue
		}
		if empty, isObject := fields[name].(object); isObject && len(empty) == 0 && !isThere {
			continue
		}
		places = append(places, missing(fields[name], other, place+"."+name)...)
	}
	return places
}

func TestTheFullDocumentSaysSomethingInEveryField(t *testing.T) {
	var zero func(v reflect.Value, place string)
	zero = func(v reflect.Value, place string) {
		switch v.Kind() {
		case reflect.Pointer:
			zero(v.Elem(), place)
		case reflect.Struct:
			for i := range v.NumField() {
				field := v.Field(i)
				name := place + "." + v.Type().Field(i).Name
				if field.IsZero() && !slices.Contains([]string{".Refreshable.Always", ".Rate.DefaultTier.ByCredential"}, name) {
					t.Errorf("%s says nothing", name)
				}
				zero(field, name)
			}
		}
	}
	zero(reflect.ValueOf(readProvider(t, full)), "")
}

func TestTheFieldsAreThoseOfTheCore(t *testing.T) {
	listed := regexp.MustCompile("`([^`]*)`")
	// Where a value of each type is in a document, with % for it.
	for place, value := range map[string]any{
		`%`:                                  linktor.Provider{},
		`{"environment": %}`:                 linktor.ProviderEnvironment{},
		`{"headers": %}`:                     linktor.ProviderHeaders{},
		`{"auth": %}`:                        linktor.ProviderAuth{},
		`{"auth": {"oauth": %}}`:             linktor.ProviderOAuth{},
		`{"auth": {"test": %}}`:              linktor.ProviderTest{},
		`{"auth": {"grant": %}}`:             linktor.ProviderGrant{},
		`{"unsafe_routes": [%]}`:             linktor.ProviderRoute{},
		`{"rate": %}`:                        linktor.ProviderRate{},
		`{"rate": {"classes": [%]}}`:         linktor.ProviderRateClass{},
		`{"paging": %}`:                      linktor.ProviderPaging{},
		`{"envelope": %}`:                    linktor.ProviderEnvelope{},
		`{"errors": %}`:                      linktor.ProviderErrors{},
		`{"rate": {"tiers": {"free": [%]}}}`: struct{ Limit, Window, Class string }{},
		`{"refreshable": %}`:                 struct{ Never, Always, Codes string }{},
		`{"rate": {"default_tier": %}}`:      struct{ None, Named, Credential string }{},
		`{"credentials": [%]}`:               struct{ APIKey, Bearer, Password, OAuth, JWT, Source string }{},
		`{"headers": {"api_key": %}}`:        struct{ Bearer, Raw string }{},
	} {
		document := strings.ReplaceAll(place, "%", `{"?": 1}`)
		failure, _ := errors.AsType[*linktor.Error](json.Unmarshal([]byte(document), new(linktor.Provider)))
		if failure == nil || strings.Count(failure.Message, "`?`, expected ") != 1 {
			t.Errorf("%s: %v", place, failure)
			continue
		}
		_, list, _ := strings.Cut(failure.Message, "`?`, expected ")
		var known, ours []string
		for _, name := range listed.FindAllStringSubmatch(list, -1) {
			known = append(known, name[1])
		}
		for field := range reflect.TypeOf(value).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" {
				name = map[string]string{"APIKey": "api_key"}[field.Name]
			}
			if name == "" {
				name = strings.ToLower(field.Name)
			}
			ours = append(ours, name)
		}
		slices.Sort(known)
		slices.Sort(ours)
		if !slices.Equal(known, ours) {
			t.Errorf("%s\n%v\n%v", place, known, ours)
		}
	}
}

func TestTheKindsOfCredentialsAreThoseOfTheCore(t *testing.T) {
	provider := readProvider(t, full)
	kinds := []linktor.CredentialKind{
		linktor.CredentialAPIKey, linktor.CredentialBearer, linktor.CredentialPassword, linktor.CredentialOAuth,
		linktor.CredentialJWT, linktor.CredentialSource,
	}
	if !slices.Equal(provider.Credentials, kinds) || provider.Headers.APIKey != linktor.AuthSchemeRaw {
		t.Error(provider.Credentials, provider.Headers.APIKey)
	}
	if provider.Headers.APIKey = linktor.AuthSchemeBearer; !strings.Contains(wholeProvider(t, writeProvider(t, provider)), `"api_key":"bearer"`) {
		t.Error(writeProvider(t, provider))
	}
}

func TestWhatIsZeroHasItsDefault(t *testing.T) {
	provider := readProvider(t, writeProvider(t, ownProvider()))
	if paging := provider.Paging; paging.PageParameter != "page" || paging.SizeParameter != "per_page" ||
		paging.MaxSize != 100 || !slices.Equal(paging.Items, []string{"/data", ""}) || paging.Total == nil {
		t.Errorf("%+v", paging)
	}
	if !slices.Equal(provider.Auth.Grant.User, []string{"/user"}) || provider.Auth.OAuth != nil || provider.Auth.Test != nil {
		t.Errorf("%+v", provider.Auth)
	}
	if provider.BaseURL != "" || provider.Webhook != nil || provider.Headers.APIKey != linktor.AuthSchemeBearer ||
		!reflect.DeepEqual(provider.Refreshable, linktor.ProviderRefreshable{}) {
		t.Error(writeProvider(t, provider))
	}
	own := ownProvider()
	own.Auth.OAuth = new(linktor.ProviderOAuth)
	expected := linktor.ProviderOAuth{Authorize: "/oauth/authorize", Token: "/oauth/token"}
	if oauth := readProvider(t, writeProvider(t, own)).Auth.OAuth; *oauth != expected {
		t.Errorf("%+v", oauth)
	}
}

func TestAListThatIsNilHasItsDefaultAndOneThatIsEmptyHasNone(t *testing.T) {
	for _, family := range families {
		provider, err := linktor.NamedProvider(family)
		if err != nil {
			t.Fatal(err)
		}
		provider.Auth.Grant.User, provider.Paging.Items = nil, []string{}
		provider.Refreshable = linktor.ProviderRefreshable{Codes: []string{}}
		again := readProvider(t, writeProvider(t, provider))
		if !slices.Equal(again.Auth.Grant.User, []string{"/user"}) || again.Paging.Items == nil || len(again.Paging.Items) != 0 ||
			again.Refreshable.Codes == nil || again.Refreshable.Always {
			t.Errorf("%s: %+v", family, again.Paging.Items)
		}
	}
}

func TestAProviderThatIsReadAnewForgetsWhatItWas(t *testing.T) {
	provider := readProvider(t, full)
	if err := json.Unmarshal([]byte(writeProvider(t, ownProvider())), provider); err != nil {
		t.Fatal(err)
	}
	if expected := readProvider(t, writeProvider(t, ownProvider())); !reflect.DeepEqual(provider, expected) {
		t.Errorf("%s", writeProvider(t, provider))
	}
	before := *provider
	if err := json.Unmarshal([]byte(`{"name": "other"}`), provider); err == nil || !reflect.DeepEqual(*provider, before) {
		t.Errorf("%v, %s", err, writeProvider(t, provider))
	}
}

func TestWhatCannotBeReadIsRefusedByItsPlace(t *testing.T) {
	for more, place := range map[string]string{
		`"pagging": {}`:                                         "pagging",
		`"paging": {"max_siz": 10}`:                             "paging.max_siz",
		`"paging": {"max_size": "10"}`:                          "paging.max_size: ",
		`"paging": {"max_size": 1.5}`:                           "paging.max_size: ",
		`"paging": {"max_size": -1}`:                            "paging.max_size: ",
		`"paging": {"max_size": 0}`:                             "max_size",
		`"paging": {"max_size": 18446744073709551615}`:          "paging.max_size",
		`"paging": {"items": "/data"}`:                          "paging.items: ",
		`"paging": {"items": ["data"]}`:                         "paging.items ",
		`"paging": null`:                                        "paging: ",
		`"paging": ["p", "n"]`:                                  "paging: a list",
		`"headers": {"token": "Basic"}`:                         "headers.token: ",
		`"headers": {"fixed": {"x-a": 1}}`:                      "headers.fixed.x-a: ",
		`"refreshable": "sometimes"`:                            "refreshable",
		`"refreshable": {"code": []}`:                           "refreshable",
		`"auth": {"test": {}}`:                                  "auth.test: missing field `path`",
		`"unsafe_routes": [{"path": "/a"}, ["GET", "/b"]]`:      "unsafe_routes[1]: a list",
		`"rate": {"tiers": {"a": [{"limit": 1}]}}`:              "rate.tiers.a[0]: missing field `window`",
		`"rate": {"tiers": {"a": [{"limit": 1, "window": 0}]}}`: "rate.tiers: `a`",
		`"rate": {"default_tier": {"named": "free"}}`:           "rate.default_tier",
		`"webhook": {"signature": {"kind": "hmac"}}`:            "webhook.signature: missing field `header`",
		`"webhook": "linktor"`:                                  "webhook: ",
		`"name": "twice"`:                                       "duplicate field `name`",
		`"base_url": ""`:                                        "empty",
		`"auth": {"login": ""}`:                                 "empty",
		"\"base_url\": \"\xff\"":                                "UTF-8",
	} {
		var provider linktor.Provider
		err := json.Unmarshal([]byte(`{"name": "mine", "credentials": [], `+more+`}`), &provider)
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || failure.Kind != linktor.KindConfig || !strings.Contains(failure.Message, place) {
			t.Errorf("%s: %v", more, err)
		}
		if !reflect.DeepEqual(provider, linktor.Provider{}) {
			t.Errorf("%s: %s was read", more, writeProvider(t, &provider))
		}
	}
	for _, document := range []string{`""`, `"parcels"`, `[]`, `1`, `null`, `{}`, `{"name": "mine"}`, `{"credentials": []}`} {
		if err := json.Unmarshal([]byte(document), new(linktor.Provider)); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func TestALimitAsJSONIsInSeconds(t *testing.T) {
	for text, limit := range map[string]linktor.Limit{
		`{"limit":30,"window":60}`:                     {Limit: 30, Window: time.Minute},
		`{"limit":5,"window":0.57,"class":"messages"}`: {Limit: 5, Window: 570 * time.Millisecond, Class: "messages"},
		`{"limit":1,"window":1e-9}`:                    {Limit: 1, Window: 1},
	} {
		var read linktor.Limit
		err := json.Unmarshal([]byte(text), &read)
		if written, _ := json.Marshal(limit); err != nil || read != limit || string(written) != text {
			t.Errorf("%s: %+v, %s, %v", text, read, written, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"window": "1m"}`), new(linktor.Limit)); err == nil {
		t.Error("a window of 1m was read")
	}
}
