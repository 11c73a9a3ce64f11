package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/webhook"
)

const secret = "invented-secret"

var (
	now  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	body = []byte(`{"id":"evt_1","type":"message.received","timestamp":"2026-01-02T03:04:05.123456Z",` +
		`"tenantId":"org_1","data":{"content":"Hello"}}`)
)

// sign signs as a sender does at the time that tests take for now.
func sign(t testing.TB, scheme webhook.Scheme, body []byte) http.Header {
	t.Helper()
	var options []webhook.SignOption
	if scheme == webhook.Linktor || scheme == webhook.StandardWebhooks {
		options = append(options, webhook.Timestamp(now))
	}
	header, err := webhook.Sign(scheme, body, secret, options...)
	if err != nil {
		t.Fatal(err)
	}
	return header
}

func codeOf(t testing.TB, err error) string {
	t.Helper()
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Kind != linktor.KindWebhookVerification || !errors.Is(err, linktor.ErrWebhookVerification) ||
		errors.Is(err, linktor.ErrAPI) || failure.Attempts != 0 || failure.Sent != linktor.SentNo || failure.Status != 0 {
		t.Fatalf("%T %v", err, err)
	}
	return failure.Code
}

func TestAnEventTellsWhatItsSenderSays(t *testing.T) {
	event, err := webhook.Verify(webhook.Linktor, body, sign(t, webhook.Linktor, body), secret, webhook.Now(now), nil)
	if err != nil {
		t.Fatal(err)
	}
	if event.ID != "evt_1" || event.Type != webhook.MessageReceived || event.Organization != "org_1" ||
		event.Timestamp != now.Add(123456*time.Microsecond) || !bytes.Equal(event.Body, body) {
		t.Errorf("%+v", *event)
	}
	var data map[string]string
	if err := event.Data(&data); err != nil || data["content"] != "Hello" {
		t.Error(data, err)
	}
	var other struct{ Content int }
	err = event.Data(&other)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok || !errors.Is(err, linktor.ErrDecode) {
		t.Errorf("%T %v", err, err)
	}
}

func TestWhatASenderDoesNotSayIsZero(t *testing.T) {
	for _, text := range []string{`{}`, `{"id":"","type":" ","timestamp":"soon","tenantId":null,"data":null}`, `not JSON`, ``} {
		body := []byte(text)
		event, err := webhook.Verify(webhook.LinktorBody, body, sign(t, webhook.LinktorBody, body), secret)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if event.ID != "" || event.Type != "" || event.Organization != "" || !event.Timestamp.IsZero() {
			t.Errorf("%q: %+v", text, event)
		}
		data := "kept"
		err = event.Data(&data)
		if isJSON := json.Valid(body); isJSON && err != nil || !isJSON && !errors.Is(err, linktor.ErrDecode) || data != "kept" {
			t.Errorf("%q: %q, %v", text, data, err)
		}
	}
}

func TestNamesOfHeadersCountInAnyCaseAndTwiceIsRefused(t *testing.T) {
	signature := sign(t, webhook.LinktorBody, body).Get("X-Linktor-Signature")
	verifier, err := webhook.NewVerifier(webhook.LinktorBody, []string{secret})
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]http.Header{
		"canonical": {"X-Linktor-Signature": {signature}},
		"lower":     {"x-linktor-signature": {signature}},
		"padded":    {"X-LINKTOR-SIGNATURE": {" " + signature + "\t"}},
		"others":    {"X-Linktor-Signature": {signature}, "X-Empty": {}, "": {"", "\xff"}, "Cookie": {strings.Repeat("c", 10000)}},
	} {
		if err := webhook.VerifySignature(webhook.LinktorBody, body, header, secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := verifier.VerifySignature(body, header); err != nil {
			t.Errorf("%s, kept: %v", name, err)
		}
	}
	for name, one := range map[string]struct {
		header http.Header
		code   string
	}{
		"nil":          {nil, "missing_signature"},
		"no value":     {http.Header{"X-Linktor-Signature": {}}, "missing_signature"},
		"empty":        {http.Header{"X-Linktor-Signature": {""}}, "missing_signature"},
		"two values":   {http.Header{"X-Linktor-Signature": {signature, signature}}, "malformed_signature"},
		"two cases":    {http.Header{"X-Linktor-Signature": {signature}, "x-linktor-signature": {signature}}, "malformed_signature"},
		"joined":       {http.Header{"X-Linktor-Signature": {signature + ", " + signature}}, "malformed_signature"},
		"another's":    {http.Header{"X-Linktor-Signature": {strings.Repeat("0", 64)}}, "signature_mismatch"},
		"not UTF-8":    {http.Header{"X-Linktor-Signature": {"\xff" + signature[1:]}}, "malformed_signature"},
		"another name": {http.Header{"X-Linktor-Signature-2": {signature}}, "missing_signature"},
	} {
		if code := codeOf(t, webhook.VerifySignature(webhook.LinktorBody, body, one.header, secret)); code != one.code {
			t.Errorf("%s: %s", name, code)
		}
		if code := codeOf(t, verifier.VerifySignature(body, one.header)); code != one.code {
			t.Errorf("%s, kept: %s", name, code)
		}
	}
}

func TestAKeptVerifierReadsTheHeadersOfItsEvents(t *testing.T) {
	verifier, err := webhook.NewVerifier(webhook.XHubSignature256, []string{secret})
	if err != nil {
		t.Fatal(err)
	}
	header := sign(t, webhook.XHubSignature256, body)
	header["x-gitHub-delivery"], header["X-Github-Event"] = []string{"evt_2"}, []string{"push"}
	event, err := verifier.Verify(body, header)
	if err != nil || event.ID != "evt_2" || event.Type != "push" {
		t.Error(event, err)
	}
	header["X-Github-Delivery"] = []string{"evt_3"}
	if event, err := verifier.Verify(body, header); err != nil || event.ID != "" {
		t.Error(event, err)
	}
}

func TestABodyMayBePartOfAnother(t *testing.T) {
	around := slices.Concat([]byte("before"), body, []byte("after"))
	part := around[6 : 6+len(body)]
	event, err := webhook.Verify(webhook.LinktorBody, part, sign(t, webhook.LinktorBody, body), secret)
	if err != nil {
		t.Fatal(err)
	}
	var data struct{ Content string }
	if err := event.Data(&data); err != nil || data.Content != "Hello" {
		t.Error(data, err)
	}
	event.Body = event.Body[:10]
	if err := event.Data(&data); err != nil || data.Content != "Hello" {
		t.Error(data, err)
	}
}

func TestAnEventStaysWhatWasVerified(t *testing.T) {
	verifier, err := webhook.NewVerifier(webhook.LinktorBody, []string{secret})
	if err != nil {
		t.Fatal(err)
	}
	buffer := bytes.Clone(body)
	event, err := verifier.Verify(buffer, sign(t, webhook.LinktorBody, body))
	if err != nil {
		t.Fatal(err)
	}
	copy(buffer, bytes.ReplaceAll(body, []byte("Hello"), []byte("Other")))
	var data struct{ Content string }
	if err := event.Data(&data); err != nil || data.Content != "Hello" || !bytes.Equal(event.Body, body) {
		t.Errorf("%v, %v, %s", data, err, event.Body)
	}
}

func TestTheSignatureIsTheStandardLibrarys(t *testing.T) {
	secret := "any bytes: \x00\xff"
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(fmt.Sprintf("%d.%s", now.Unix(), body)))
	header := http.Header{}
	header.Set("X-Linktor-Timestamp", fmt.Sprint(now.Unix()))
	header.Set("X-Linktor-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	for _, at := range []time.Time{now.Add(-5 * time.Minute), now.Add(5 * time.Minute)} {
		if err := webhook.VerifySignature(webhook.Linktor, body, header, secret, webhook.Now(at)); err != nil {
			t.Error(err)
		}
	}
	err := webhook.VerifySignature(webhook.Linktor, body, header, secret, webhook.Now(now.Add(301*time.Second)))
	if code := codeOf(t, err); code != "timestamp_out_of_tolerance" {
		t.Error(code)
	}
	// What is not a whole second counts for nothing, however near the next it is.
	late := now.Add(time.Second - 1)
	if err := webhook.VerifySignature(webhook.Linktor, body, header, secret, webhook.Now(late.Add(5*time.Minute))); err != nil {
		t.Error(err)
	}
	signed, err := webhook.Sign(webhook.Linktor, body, secret, webhook.Timestamp(late))
	if at := signed.Get("X-Linktor-Timestamp"); err != nil || at != fmt.Sprint(now.Unix()) {
		t.Error(at, err)
	}
	err = webhook.VerifySignature(webhook.Linktor, body, header, secret, webhook.Now(now.Add(time.Second)), webhook.Tolerance(0))
	if code := codeOf(t, err); code != "timestamp_out_of_tolerance" {
		t.Error(code)
	}
	err = webhook.VerifySignature(webhook.Linktor, body, header, secret, webhook.Now(now), webhook.SizeLimit(int64(len(body)-1)))
	if code := codeOf(t, err); code != "payload_too_large" {
		t.Error(code)
	}
}

func TestSignedHeadersAreFoundByTheirNames(t *testing.T) {
	header, err := webhook.Sign(webhook.StandardWebhooks, body, "whsec_aW52ZW50ZWQtc2VjcmV0", webhook.ID("msg_1"),
		webhook.Timestamp(now), nil)
	if err != nil || header.Get("webhook-id") != "msg_1" || header.Get("webhook-timestamp") != fmt.Sprint(now.Unix()) ||
		!strings.HasPrefix(header.Get("Webhook-Signature"), "v1,") || len(header) != 3 {
		t.Error(header, err)
	}
}

func TestWhatIsConfiguredWrongly(t *testing.T) {
	acme := webhook.HMAC{Header: "X-Acme-Signature"}
	signed, err := webhook.Sign(webhook.Linktor, body, secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := webhook.VerifySignature(webhook.Linktor, body, signed, secret); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		scheme  webhook.Scheme
		secrets []string
		option  webhook.Option
	}{
		"no scheme":             {webhook.Scheme{}, []string{secret}, nil},
		"an unknown one":        {webhook.SchemeNamed("acme"), []string{secret}, nil},
		"a name's UTF-8":        {webhook.SchemeNamed("\xff"), []string{secret}, nil},
		"no signatures":         {webhook.SchemeNamed("linkit"), []string{secret}, nil},
		"no JSON":               {webhook.SchemeJSON(`{`), []string{secret}, nil},
		"an empty document":     {webhook.SchemeJSON(``), []string{secret}, nil},
		"a number":              {webhook.SchemeJSON(`1`), []string{secret}, nil},
		"a document's UTF-8":    {webhook.SchemeJSON("{\"signature\":\"\xff\"}"), []string{secret}, nil},
		"an unknown field":      {webhook.SchemeJSON(`{"signature":{"kind":"hmac","header":"a"},"b":1}`), []string{secret}, nil},
		"a deep document":       {webhook.SchemeJSON(strings.Repeat("[", 9000) + strings.Repeat("]", 9000)), []string{secret}, nil},
		"no signature":          {webhook.SchemeOf(nil, webhook.EventFields{}), []string{secret}, nil},
		"a nil signature":       {webhook.SchemeOf((*webhook.HMAC)(nil), webhook.EventFields{}), []string{secret}, nil},
		"no header":             {webhook.SchemeOf(webhook.HMAC{}, webhook.EventFields{}), []string{secret}, nil},
		"a prefix's UTF-8":      {webhook.SchemeOf(webhook.HMAC{Header: "a", Prefix: "\xff"}, webhook.EventFields{}), []string{secret}, nil},
		"a header for data":     {webhook.SchemeOf(acme, webhook.EventFields{Data: []string{"X-Data"}}), []string{secret}, nil},
		"an unknown version":    {webhook.SchemeOf(webhook.StandardSignature{Version: "v2"}, webhook.EventFields{}), []string{secret}, nil},
		"no secrets":            {webhook.Linktor, nil, nil},
		"an empty secret":       {webhook.Linktor, []string{secret, ""}, nil},
		"a blank secret":        {webhook.Linktor, []string{" \t\r\n"}, nil},
		"not a whsec_":          {webhook.StandardWebhooks, []string{"whsec_*"}, nil},
		"a private key":         {webhook.StandardWebhooksV1a, []string{"whsk_AAAA"}, nil},
		"tolerance below 0":     {webhook.Linktor, []string{secret}, webhook.Tolerance(-1)},
		"tolerance for nothing": {webhook.LinktorBody, []string{secret}, webhook.Tolerance(time.Second)},
		"size limit 0":          {webhook.Linktor, []string{secret}, webhook.SizeLimit(0)},
		"size limit below 0":    {webhook.Linktor, []string{secret}, webhook.SizeLimit(-1)},
	} {
		if verifier, err := webhook.NewVerifier(one.scheme, one.secrets, one.option); !errors.Is(err, linktor.ErrConfig) || verifier != nil {
			t.Errorf("%s: %v, %v", name, verifier, err)
		}
		if len(one.secrets) != 1 {
			continue
		}
		if event, err := webhook.Verify(one.scheme, body, signed, one.secrets[0], one.option); !errors.Is(err, linktor.ErrConfig) || event != nil {
			t.Errorf("%s: %v, %v", name, event, err)
		}
		if err := webhook.VerifySignature(one.scheme, body, signed, one.secrets[0], one.option); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, options := range map[string][]webhook.SignOption{
		"an id that is not signed":   {webhook.ID("evt_1")},
		"a time that is not signed":  {webhook.Timestamp(now)},
		"an id's UTF-8":              {webhook.ID("\xff")},
		"a time before all of these": {webhook.Timestamp(time.Time{})},
	} {
		if header, err := webhook.Sign(webhook.LinktorBody, body, secret, options...); !errors.Is(err, linktor.ErrConfig) || header != nil {
			t.Errorf("%s: %v, %v", name, header, err)
		}
	}
	if _, err := webhook.Sign(webhook.StandardWebhooks, body, "whsec_aaaa", webhook.ID("\xff")); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}

func TestASchemeOfOnesOwnIsItsDocument(t *testing.T) {
	for _, pair := range [][2]webhook.Scheme{
		{
			webhook.SchemeOf(
				webhook.HMAC{Header: "X-A", Prefix: "<&", PrefixOptional: true, TimestampHeader: "X-T"},
				webhook.EventFields{ID: []string{}, Type: []string{"/kind", "X-Kind"}, Data: []string{""}}),
			webhook.SchemeJSON(`{"signature":{"kind":"hmac","header":"X-A","prefix":"<&","prefix_optional":true,` +
				`"timestamp_header":"X-T"},"event":{"id":[],"type":["/kind","X-Kind"],"data":[""]}}`),
		},
		{
			webhook.SchemeOf(&webhook.StandardSignature{IDHeader: "svix-id"}, webhook.EventFields{}),
			webhook.SchemeJSON(`{"signature":{"kind":"standard_webhooks","version":"v1","id_header":"svix-id"}}`),
		},
	} {
		const secret = "aW52ZW50ZWQ="
		body := []byte(`{"id":"evt_1","kind":"parcel.sent","data":1}`)
		header, err := webhook.Sign(pair[0], body, secret)
		if err != nil {
			t.Fatal(err)
		}
		var events [2]string
		for i, scheme := range pair {
			event, err := webhook.Verify(scheme, body, header, secret)
			if err != nil {
				t.Fatal(err)
			}
			var data any
			events[i] = fmt.Sprint(event, event.Timestamp, event.Data(&data), data)
		}
		if events[0] != events[1] || fmt.Sprint(pair[0], pair[1]) != "custom custom" {
			t.Error(events)
		}
	}
	if webhook.SchemeNamed("api_v1") != webhook.APIV1 || webhook.APIV1.String() != "api_v1" {
		t.Error(webhook.APIV1)
	}
}

func TestAVerifierIsSharedAndOutlivesItsOriginal(t *testing.T) {
	original, err := webhook.NewVerifier(webhook.Linktor, []string{"another", secret}, webhook.Now(now))
	if err != nil {
		t.Fatal(err)
	}
	verifier := *original
	original = nil
	header := sign(t, webhook.Linktor, body)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				other, err := webhook.NewVerifier(webhook.LinktorBody, []string{secret})
				if err != nil {
					t.Error(err)
				} else if event, err := other.Verify(body, header); err == nil {
					t.Error(event)
				}
				if i%50 == worker {
					runtime.GC()
				}
				if event, err := verifier.Verify(body, header); err != nil || event.ID != "evt_1" {
					t.Error(event, err)
				}
				if err := verifier.VerifySignature(body[1:], header); !errors.Is(err, linktor.ErrWebhookVerification) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestWhatNobodyMadeIsAnErrorAndNoCrash(t *testing.T) {
	for _, verifier := range []*webhook.Verifier{nil, {}} {
		if _, err := verifier.Verify(body, nil); !errors.Is(err, linktor.ErrConfig) {
			t.Error(err)
		}
		if err := verifier.VerifySignature(body, nil); !errors.Is(err, linktor.ErrConfig) {
			t.Error(err)
		}
		_ = fmt.Sprintf("%v %+v %#v", verifier, verifier, verifier)
	}
	for _, seen := range []*webhook.MemoryDeduplicator{nil, {}} {
		if _, err := seen.Begin(t.Context(), "evt_1"); !errors.Is(err, linktor.ErrConfig) {
			t.Error(err)
		}
		if err := errors.Join(seen.Commit(t.Context(), "evt_1"), seen.Release(t.Context(), "evt_1")); !errors.Is(err, linktor.ErrConfig) {
			t.Error(err)
		}
		_ = fmt.Sprintf("%v %+v %#v", seen, seen, seen)
	}
	for _, event := range []*webhook.Event{nil, {}} {
		if err := event.Data(new(any)); !errors.Is(err, linktor.ErrDecode) {
			t.Error(err)
		}
	}
	var text strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("one", "event", (*webhook.Event)(nil))
	slog.New(slog.NewJSONHandler(&text, nil)).Info("one", "event", (*webhook.Event)(nil))
	if !strings.Contains(text.String(), "event=<nil>") || !strings.Contains(text.String(), `"event":null`) {
		t.Error(&text)
	}
}

func TestOneOfManyGetsAnEvent(t *testing.T) {
	seen, err := webhook.NewMemoryDeduplicator(webhook.Capacity(100), nil)
	if err != nil {
		t.Fatal(err)
	}
	var begun sync.Map
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for i := range 50 {
				state, err := seen.Begin(t.Context(), fmt.Sprint("evt_", i))
				if err != nil {
					t.Error(err)
				}
				if state == webhook.BegunNew {
					if _, twice := begun.LoadOrStore(i, true); twice {
						t.Errorf("event %d was new twice", i)
					}
					if err := seen.Commit(t.Context(), fmt.Sprint("evt_", i)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	if state, err := seen.Begin(t.Context(), "evt_0"); state != webhook.BegunDone || err != nil {
		t.Error(state, err)
	}
	for _, id := range []string{"", " \n", "\xff"} {
		if state, err := seen.Begin(t.Context(), id); state != "" || !errors.Is(err, linktor.ErrInvalidRequest) {
			t.Errorf("%q: %v, %v", id, state, err)
		}
		for _, err := range []error{seen.Commit(t.Context(), id), seen.Release(t.Context(), id)} {
			if !errors.Is(err, linktor.ErrInvalidRequest) {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
	for _, capacity := range []int64{0, -1} {
		if seen, err := webhook.NewMemoryDeduplicator(webhook.Capacity(capacity)); seen != nil || !errors.Is(err, linktor.ErrConfig) {
			t.Error(capacity, err)
		}
	}
}

func TestNothingPrintableShowsASecretOrData(t *testing.T) {
	const marker = "marker_8d1f"
	body := []byte(`{"id":"evt_1","type":"message.received","data":"` + marker + `"}`)
	header, err := webhook.Sign(webhook.LinktorBody, body, marker)
	if err != nil {
		t.Fatal(err)
	}
	event, err := webhook.Verify(webhook.LinktorBody, body, header, marker)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := webhook.NewVerifier(webhook.LinktorBody, []string{marker})
	if err != nil {
		t.Fatal(err)
	}
	type nested struct {
		Events []webhook.Event
		Latest *webhook.Event
	}
	values := []any{event, *event, nested{[]webhook.Event{*event}, event}, verifier, *verifier}
	for _, scheme := range []webhook.Scheme{webhook.StandardWebhooks, webhook.StandardWebhooksV1a} {
		for _, prefix := range []string{"", "whsec_", "whpk_", "whsk_"} {
			_, err := webhook.NewVerifier(scheme, []string{prefix + marker})
			values = append(values, err)
			_, err = webhook.Sign(scheme, body, prefix+marker)
			values = append(values, err)
		}
	}
	_, err = webhook.Verify(webhook.LinktorBody, []byte(marker), header, marker)
	values = append(values, err, event.Data(new(int)))
	for _, value := range values {
		var text strings.Builder
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&text, format+"\n", value)
		}
		slog.New(slog.NewTextHandler(&text, nil)).Info("one", "value", value)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("one", "value", value)
		bytes := fmt.Sprint([]byte(marker))
		base64 := base64.StdEncoding.EncodeToString(body)
		for _, form := range []string{marker, fmt.Sprintf("%x", marker), bytes[1 : len(bytes)-1], base64} {
			if strings.Contains(text.String(), form) {
				t.Errorf("%T shows it:\n%s", value, &text)
			}
		}
	}
	written, err := json.Marshal(nested{nil, event})
	if expected := `{"Events":null,"Latest":{"id":"evt_1","type":"message.received"}}`; err != nil || string(written) != expected {
		t.Errorf("%s, %v", written, err)
	}
	if text := fmt.Sprint(event, *verifier); text != `webhook.Event(id "evt_1", type "message.received") webhook.Verifier(linktor_body)` {
		t.Error(text)
	}
}

func TestGarbageIsRefusedWhateverItIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	garbage := func(most int) string {
		text := make([]byte, random.IntN(most))
		for i := range text {
			text[i] = byte(random.Uint32())
		}
		return string(text)
	}
	names := []string{"X-Linktor-Signature", "x-linktor-timestamp", "Webhook-Id", "webhook-timestamp", "Webhook-Signature"}
	verifiers := make([]*webhook.Verifier, 2)
	for i, scheme := range []webhook.Scheme{webhook.Linktor, webhook.StandardWebhooks} {
		verifier, err := webhook.NewVerifier(scheme, []string{"aW52ZW50ZWQ="})
		if err != nil {
			t.Fatal(err)
		}
		verifiers[i] = verifier
	}
	for range 5000 {
		header := http.Header{garbage(20): {garbage(100)}}
		for _, name := range names {
			for range random.IntN(3) {
				header[name] = append(header[name], garbage(100))
			}
		}
		for _, verifier := range verifiers {
			_, err := verifier.Verify([]byte(garbage(200)), header)
			if code := codeOf(t, err); code != "missing_signature" && code != "malformed_signature" {
				t.Fatal(code)
			}
		}
		body := []byte(garbage(200))
		event, err := webhook.Verify(webhook.XHubSignature256, body, sign(t, webhook.XHubSignature256, body), secret)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		var data any
		if err := event.Data(&data); err != nil && !errors.Is(err, linktor.ErrDecode) {
			t.Fatalf("%q: %v", body, err)
		}
	}
}

func TestEventTypesAreSortedAndAllThere(t *testing.T) {
	types := webhook.EventTypes()
	if !slices.IsSorted(types) || len(slices.Compact(types)) != 21 || !slices.Contains(types, webhook.ChatbotTriggered) {
		t.Error(types)
	}
}
