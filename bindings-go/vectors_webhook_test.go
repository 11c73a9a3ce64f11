package linktor_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/linktor/linktor-go/webhook"
)

// webhook makes a step that is one of webhooks.
func (r *vectorRun) webhook(what string, step, expect object) {
	switch call := step["webhook"]; call {
	case "verify":
		event, err := r.verifyWebhook(step)
		r.compareEvent(what, event, err, expect)
	case "verify_signature":
		err := r.verifyWebhookSignature(step)
		if expected, ok := expect["error"].(object); ok || err != nil {
			compareError(r.TB, what, err, expected)
		}
	case "sign":
		header, err := r.signWebhook(step)
		if expected, ok := expect["error"].(object); ok || err != nil {
			compareError(r.TB, what, err, expected)
			return
		}
		actual, expected := object{}, object{}
		for name, values := range header {
			actual[name] = strings.Join(values, " and ")
		}
		for name, value := range expect["headers"].(object) {
			expected[http.CanonicalHeaderKey(name)] = value
		}
		compare(r.TB, what+": headers", actual, expected)
	case "event_types":
		var types []any
		for _, name := range webhook.EventTypes() {
			types = append(types, string(name))
		}
		compare(r.TB, what, types, expect["types"])
	case "begin", "commit", "release":
		r.deduplicate(what, call.(string), step["id"].(string), expect)
	default:
		r.Fatalf("the runner does not know webhook %q", call)
	}
}

func (r *vectorRun) verifyWebhook(step object) (*webhook.Event, error) {
	scheme, body, header, options := r.scheme(step), r.webhookBody(step), webhookHeader(step), webhookOptions(step)
	if secret, ok := step["secret"].(string); ok {
		return webhook.Verify(scheme, body, header, secret, options...)
	}
	verifier, err := webhook.NewVerifier(scheme, r.secrets(step), options...)
	if err != nil {
		return nil, err
	}
	return verifier.Verify(body, header)
}

func (r *vectorRun) verifyWebhookSignature(step object) error {
	scheme, body, header, options := r.scheme(step), r.webhookBody(step), webhookHeader(step), webhookOptions(step)
	if secret, ok := step["secret"].(string); ok {
		return webhook.VerifySignature(scheme, body, header, secret, options...)
	}
	verifier, err := webhook.NewVerifier(scheme, r.secrets(step), options...)
	if err != nil {
		return err
	}
	return verifier.VerifySignature(body, header)
}

func (r *vectorRun) signWebhook(step object) (http.Header, error) {
	var options []webhook.SignOption
	if id, ok := step["id"].(string); ok {
		options = append(options, webhook.ID(id))
	}
	if at, ok := step["timestamp"]; ok {
		options = append(options, webhook.Timestamp(moment(at)))
	}
	return webhook.Sign(r.scheme(step), r.webhookBody(step), r.secrets(step)[0], options...)
}

func (r *vectorRun) scheme(step object) webhook.Scheme {
	if name, ok := step["scheme"].(string); ok {
		return webhook.SchemeNamed(name)
	}
	document, err := json.Marshal(step["scheme"])
	if err != nil {
		r.Fatal(err)
	}
	return webhook.SchemeJSON(string(document))
}

func (r *vectorRun) webhookBody(step object) []byte {
	if body, ok := step["body"].(string); ok {
		return []byte(body)
	}
	return r.decoded(step["body_base64"])
}

func (r *vectorRun) secrets(step object) []string {
	given, ok := step["secret"].([]any)
	if !ok {
		given = []any{step["secret"]}
	}
	secrets := make([]string, len(given))
	for i, one := range given {
		if secret, ok := one.(string); ok {
			secrets[i] = secret
			continue
		}
		secrets[i] = string(r.decoded(one.(object)["base64"]))
	}
	return secrets
}

func (r *vectorRun) decoded(value any) []byte {
	decoded, err := base64.StdEncoding.DecodeString(value.(string))
	if err != nil {
		r.Fatal(err)
	}
	return decoded
}

// webhookHeader keeps the names as they are written.
func webhookHeader(step object) http.Header {
	header := http.Header{}
	for _, pair := range step["headers"].([]any) {
		name := pair.([]any)[0].(string)
		header[name] = append(header[name], pair.([]any)[1].(string))
	}
	return header
}

func webhookOptions(step object) []webhook.Option {
	var options []webhook.Option
	if tolerance, ok := step["tolerance"]; ok {
		options = append(options, webhook.Tolerance(seconds(tolerance)))
	}
	if limit, ok := step["size_limit"]; ok {
		options = append(options, webhook.SizeLimit(int64(whole(limit))))
	}
	if now, ok := step["now"]; ok {
		options = append(options, webhook.Now(moment(now)))
	}
	return options
}

func (r *vectorRun) compareEvent(what string, event *webhook.Event, err error, expect object) {
	if expected, ok := expect["error"].(object); ok || err != nil {
		compareError(r.TB, what, err, expected)
		return
	}
	for name, expected := range expect {
		var actual any
		switch name {
		case "id":
			actual = orNil(event.ID, event.ID)
		case "type":
			actual = orNil(event.Type, string(event.Type))
		case "timestamp":
			if !event.Timestamp.IsZero() {
				actual = float64(event.Timestamp.UnixMicro()) / 1e6
			}
		case "organization":
			actual = orNil(event.Organization, event.Organization)
		case "data":
			var raw json.RawMessage
			err := event.Data(&raw)
			if expected, ok := expected.(object); ok && expected["error"] != nil {
				compareError(r.TB, what+": data", err, expected["error"].(object))
				continue
			}
			if err != nil {
				r.Errorf("%s: data: %v", what, err)
				continue
			}
			actual = r.parsed(raw)
		default:
			r.Fatalf("the runner does not know %q of an event", name)
		}
		compare(r.TB, what+": "+name, actual, expected)
	}
}

// seen is the case's own deduplicator.
func (r *vectorRun) seen() *webhook.MemoryDeduplicator {
	if r.deduplicator == nil {
		var options []webhook.MemoryOption
		if capacity, ok := r.one.Deduplicator["capacity"]; ok {
			options = append(options, webhook.Capacity(int64(whole(capacity))))
		}
		deduplicator, err := webhook.NewMemoryDeduplicator(options...)
		if err != nil {
			r.Fatal(err)
		}
		r.deduplicator = deduplicator
	}
	return r.deduplicator
}

func (r *vectorRun) deduplicate(what, call, id string, expect object) {
	var begun webhook.Begun
	var err error
	switch call {
	case "begin":
		begun, err = r.seen().Begin(r.Context(), id)
	case "commit":
		err = r.seen().Commit(r.Context(), id)
	default:
		err = r.seen().Release(r.Context(), id)
	}
	if expected, ok := expect["error"].(object); ok || err != nil {
		compareError(r.TB, what, err, expected)
		return
	}
	compare(r.TB, what, orNil(begun, string(begun)), expect["value"])
}

// moment is a number of epoch seconds as a time.
func moment(value any) time.Time {
	float, err := value.(json.Number).Float64()
	if err != nil {
		return time.Time{}
	}
	whole, part := math.Modf(float)
	return time.Unix(int64(whole), int64(part*1e9))
}
