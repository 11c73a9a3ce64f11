package linktor

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/linktor/linktor-go/internal/exact"
	"github.com/linktor/linktor-go/internal/ffi"
)

// NamedProvider is a built-in family as data, with all its defaults: linktor, linkit, libromi,
// api_v1 or api_v2. Any other name is an error of the kind config.
func NamedProvider(name string) (*Provider, error) {
	// A text can always be written as JSON, and what is no UTF-8 is no name whatever stands
	// for it.
	document, _ := json.Marshal(name)
	provider := new(Provider)
	if err := provider.UnmarshalJSON(document); err != nil {
		return nil, err
	}
	return provider, nil
}

// UnmarshalJSON reads a provider's document, with the defaults of what it leaves out, or the
// name of a built-in family. What is unknown, missing, not of its type, or contradicts
// something else is an error of the kind config that names it.
func (p *Provider) UnmarshalJSON(data []byte) error {
	if !utf8.Valid(data) {
		return newError(KindConfig, "the provider is not valid UTF-8")
	}
	document, err := ffi.Provider(string(data))
	if err != nil {
		return asError(err)
	}
	type fields Provider
	var read fields
	if err := decodeKnown([]byte(document), &read); err != nil {
		return newError(KindConfig, "the provider cannot be read: "+err.Error(), err)
	}
	provider := Provider(read)
	if again, err := provider.document(); err != nil || again != document {
		return newError(KindConfig, "the provider cannot be read: a text that may be left out is empty")
	}
	*p = provider
	return nil
}

// document is the whole document of the provider, checked.
func (p *Provider) document() (string, error) {
	text, err := exact.Marshal(p)
	if err != nil {
		return "", newError(KindConfig, "the provider cannot be written as JSON: "+err.Error(), err)
	}
	document, err := ffi.Provider(string(text))
	if err != nil {
		return "", asError(err)
	}
	return document, nil
}

const (
	never        = "never"
	always       = "always"
	noTier       = "none"
	byCredential = "credential"
)

// MarshalJSON writes it as it stands in a provider's document.
func (r ProviderRefreshable) MarshalJSON() ([]byte, error) {
	switch {
	case r.Always && r.Codes != nil:
		return nil, errors.New("always and by codes are two things")
	case r.Always:
		return json.Marshal(always)
	case r.Codes != nil:
		return json.Marshal(refreshableFields{r.Codes})
	default:
		return json.Marshal(never)
	}
}

// UnmarshalJSON reads it as it stands in a provider's document.
func (r *ProviderRefreshable) UnmarshalJSON(data []byte) error {
	var fields refreshableFields
	word, err := readVariant(data, &fields, never, always)
	if err != nil {
		return err
	}
	*r = ProviderRefreshable{Always: word == always, Codes: fields.Codes}
	return nil
}

type refreshableFields struct {
	Codes []string `json:"codes"`
}

// MarshalJSON writes it as it stands in a provider's document.
func (t ProviderTier) MarshalJSON() ([]byte, error) {
	switch {
	case t.ByCredential && t.Named != "":
		return nil, errors.New("by the credential and by a name are two things")
	case t.ByCredential:
		return json.Marshal(byCredential)
	case t.Named != "":
		return json.Marshal(tierFields{t.Named})
	default:
		return json.Marshal(noTier)
	}
}

// UnmarshalJSON reads it as it stands in a provider's document.
func (t *ProviderTier) UnmarshalJSON(data []byte) error {
	var fields tierFields
	word, err := readVariant(data, &fields, noTier, byCredential)
	if err != nil {
		return err
	}
	*t = ProviderTier{Named: fields.Named, ByCredential: word == byCredential}
	return nil
}

type tierFields struct {
	Named string `json:"named"`
}

// readVariant reads one of some words, or else the fields of an object.
func readVariant(data []byte, fields any, words ...string) (string, error) {
	var word string
	if json.Unmarshal(data, &word) == nil && slices.Contains(words, word) {
		return word, nil
	}
	return "", decodeKnown(data, fields)
}

// decodeKnown reads fields, and refuses others.
func decodeKnown(data []byte, fields any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(fields)
}
