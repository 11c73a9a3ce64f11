package exact_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/linktor/linktor-go/internal/exact"
)

type object = map[string]any

// wrapper writes itself by way of the encoder, as claims with a form of their own do.
type wrapper struct{ value any }

func (w wrapper) MarshalJSON() ([]byte, error) { return json.Marshal(w.value) }

type text string

func (t text) MarshalText() ([]byte, error) { return []byte(t), nil }

func TestWhatIsNotUTF8IsRefusedWhereverItIs(t *testing.T) {
	for name, value := range map[string]any{
		"text":           "\xff",
		"end of a text":  "a\xff",
		"after one":      `\` + "\xff",
		"after two":      `\\` + "\xff",
		"truncated":      "\xe2\x82",
		"surrogate":      "\xed\xa0\x80",
		"beside U+FFFD":  "\ufffd\xff",
		"key":            object{"\xff": 1},
		"deep":           object{"a": []any{1, object{"b": "\xff"}}},
		"field":          struct{ Name string }{"\xff"},
		"pointer":        new("\xff"),
		"marshaler":      wrapper{object{"a": "\xff"}},
		"text marshaler": text("\xff"),
		"key's text":     map[text]int{"\xff": 1},
		"raw JSON":       json.RawMessage("\"\xff\""),
	} {
		if written, err := exact.Marshal(value); err == nil {
			t.Errorf("%s: %s", name, written)
		}
	}
}

func TestWhatIsUTF8IsWrittenAsItIs(t *testing.T) {
	for name, value := range map[string]any{
		"U+FFFD":         "\ufffd",
		"its key":        object{"\ufffd": "a\ufffd"},
		"escape as text": `\ufffd`,
		"after two":      `\\ufffd`,
		"control":        "\x00\"\\\u2028<é€😀",
		"raw JSON":       json.RawMessage(`"` + "\ufffd" + `"`),
		"nothing":        nil,
	} {
		written, err := exact.Marshal(value)
		expected, _ := json.Marshal(value)
		expected = bytes.ReplaceAll(expected, []byte(`\u003c`), []byte("<"))
		if err != nil || string(written) != string(expected) {
			t.Errorf("%s: %s, %v", name, written, err)
		}
	}
}
