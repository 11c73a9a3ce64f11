package webhook

import (
	"cmp"
	"encoding/json"
	"unicode/utf8"

	"github.com/linktor/linktor-go/internal/exact"
	"github.com/linktor/linktor-go/internal/failure"
)

// Scheme says how a sender signs its deliveries, and where their events say what. There are
// those below by name; [SchemeOf] and [SchemeJSON] are for all others. What is wrong with one
// is the error of whoever is given it.
//
// A receiver has exactly one scheme: a signature that is right under one may be captured and
// pass as another under a second.
type Scheme struct {
	document string
	err      error
}

var (
	// Linktor is Linktor's timestamped scheme, its default: X-Linktor-Signature is the HMAC
	// of the time in X-Linktor-Timestamp, a point and the body. It resists replay: a captured
	// delivery is good for the [Tolerance] and no longer.
	Linktor = SchemeNamed("linktor")
	// LinktorBody is Linktor's other published scheme: X-Linktor-Signature is the HMAC of the
	// body alone. It does not resist replay: X-Linktor-Timestamp is not signed, proves
	// nothing and is not read; only a [Deduplicator] knows a delivery that is sent again.
	LinktorBody = SchemeNamed("linktor_body")
	// Libromi is Libromi Connect: x-libromi-signature is the HMAC of the body. Its events
	// have neither id nor time, so redeliveries cannot be known.
	Libromi = SchemeNamed("libromi")
	// APIV1 is the documented API, version 1: X-Webhook-Signature is sha256= and the HMAC of
	// the body.
	APIV1 = SchemeNamed("api_v1")
	// APIV2 is the documented API, version 2: x-webhook-signature is the HMAC of the body.
	APIV2 = SchemeNamed("api_v2")
	// StandardWebhooks is Standard Webhooks 1.0 with a shared secret (v1, whsec_…).
	StandardWebhooks = SchemeNamed("standard_webhooks")
	// StandardWebhooksV1a is Standard Webhooks 1.0 with a key pair (v1a): its receivers have
	// the public key, whpk_…, and cannot sign.
	StandardWebhooksV1a = SchemeNamed("standard_webhooks_v1a")
	// XHubSignature256 is X-Hub-Signature-256, as GitHub and Meta send it: sha256= and the
	// HMAC of the body. Id and type are GitHub's headers, which nothing signs, and the data
	// is the whole body.
	XHubSignature256 = SchemeNamed("x_hub_signature_256")
)

// SchemeNamed is one of the schemes by its name, where that is read from a configuration:
// linktor, linktor_body, libromi, api_v1, api_v2, standard_webhooks, standard_webhooks_v1a or
// x_hub_signature_256.
func SchemeNamed(name string) Scheme {
	// A text can always be written as JSON, and what is no UTF-8 is no name whatever stands
	// for it.
	document, _ := json.Marshal(name)
	return Scheme{document: string(document)}
}

// SchemeJSON is a scheme of your own, or that of a provider document, as JSON:
//
//	{"signature": {"kind": "hmac", "header": "X-Acme-Signature", "prefix": "sha256=",
//	               "timestamp_header": "X-Acme-Timestamp"},
//	 "event": {"id": ["/delivery"], "type": ["X-Acme-Event"], "data": [""]}}
//
// Its fields are those of [HMAC] or [StandardSignature] (kind standard_webhooks), and of
// [EventFields]. Anything unknown in it is an error.
func SchemeJSON(document string) Scheme {
	switch {
	case !utf8.ValidString(document):
		return Scheme{err: failure.New("config", "the webhook scheme is not valid UTF-8", nil)}
	case !json.Valid([]byte(document)):
		return Scheme{err: failure.New("config", "the webhook scheme is not valid JSON", nil)}
	}
	return Scheme{document: document}
}

// SchemeOf is a scheme of your own.
func SchemeOf(signature Signature, event EventFields) Scheme {
	document, err := exact.Marshal(struct {
		Signature Signature   `json:"signature"`
		Event     EventFields `json:"event"`
	}{signature, event})
	if err != nil {
		return Scheme{err: failure.New("config", "the webhook scheme cannot be written as JSON", err)}
	}
	return Scheme{document: string(document)}
}

// Signature is how a delivery is signed: [HMAC] or [StandardSignature].
type Signature interface{ isSignature() }

// HMAC signs by hex HMAC-SHA256 (RFC 2104).
type HMAC struct {
	// Header is the header that holds the signature.
	Header string `json:"header"`
	// Prefix stands before the hex digits. Default: nothing.
	Prefix string `json:"prefix,omitempty"`
	// PrefixOptional says that the prefix may be missing.
	PrefixOptional bool `json:"prefix_optional"`
	// TimestampHeader is the header that holds the time of the delivery in epoch seconds,
	// which is signed too: the signature is of the time, a point and the body. Default: none,
	// and whoever captures a delivery can send it again whenever he likes.
	TimestampHeader string `json:"timestamp_header,omitempty"`
}

// StandardSignature signs as Standard Webhooks 1.0 does (https://www.standardwebhooks.com):
// id, time and body, with a point between each. What is empty is as the standard has it.
type StandardSignature struct {
	// Version is v1, HMAC-SHA256, or v1a, Ed25519. Default: v1.
	Version string `json:"version,omitempty"`
	// IDHeader is the header that holds the event's id. Default: webhook-id.
	IDHeader string `json:"id_header,omitempty"`
	// TimestampHeader is the header that holds the time of the delivery in epoch seconds.
	// Default: webhook-timestamp.
	TimestampHeader string `json:"timestamp_header,omitempty"`
	// SignatureHeader is the header that lists the signatures. Default: webhook-signature.
	SignatureHeader string `json:"signature_header,omitempty"`
}

// EventFields are the places where an event's fields are, for each the first of several that
// holds something. One that is empty or begins with / is a JSON pointer (RFC 6901) into the
// body; any other is the name of a header, which can be anything if it is not signed. A list
// that is nil is the default; one that is empty says that the field is nowhere.
type EventFields struct {
	// ID is by what redeliveries are known. Default: /id, or the id that is signed.
	ID []string `json:"id,omitzero"`
	// Type is the event's type. Default: /type.
	Type []string `json:"type,omitzero"`
	// Timestamp is when it happened. Default: /timestamp, /created_at.
	Timestamp []string `json:"timestamp,omitzero"`
	// Organization is the organization or tenant it belongs to. Default: nowhere.
	Organization []string `json:"organization,omitzero"`
	// Data is the event's data, which is in the body. Default: /data, or the whole body.
	Data []string `json:"data,omitzero"`
}

func (HMAC) isSignature()              {}
func (StandardSignature) isSignature() {}

// MarshalJSON gives the signature as it stands in a scheme's document.
func (h HMAC) MarshalJSON() ([]byte, error) {
	type fields HMAC
	return json.Marshal(struct {
		Kind string `json:"kind"`
		fields
	}{"hmac", fields(h)})
}

// MarshalJSON gives the signature as it stands in a scheme's document.
func (s StandardSignature) MarshalJSON() ([]byte, error) {
	type fields StandardSignature
	return json.Marshal(struct {
		Kind string `json:"kind"`
		fields
	}{"standard_webhooks", fields(s)})
}

// String is the scheme's name, or "custom".
func (s Scheme) String() string {
	var name string
	if err := json.Unmarshal([]byte(s.document), &name); err != nil {
		return "custom"
	}
	return name
}

// json is the scheme as it crosses; the zero one is a name that there is not.
func (s Scheme) json() (json.RawMessage, error) {
	return json.RawMessage(cmp.Or(s.document, `""`)), s.err
}
