// Package exact writes JSON that says what it was given, or none.
package exact

import (
	"encoding/json"
	"errors"
	"regexp"
	"unicode/utf8"
)

// replacement is what [json.Marshal] writes for a byte that is not UTF-8. A U+FFFD that was
// in the text stays as it is, and a backslash of the text is doubled. Only a marshaler of
// one's own may write the same and mean a U+FFFD; it cannot be told apart, and is refused.
var replacement = regexp.MustCompile(`[^\\](\\\\)*\\ufffd`)

// Marshal is [json.Marshal], but refuses texts that are not valid UTF-8.
func Marshal(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) || replacement.Match(text) {
		return nil, errors.New("a text is not valid UTF-8")
	}
	return text, nil
}
