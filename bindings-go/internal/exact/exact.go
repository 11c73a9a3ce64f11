// Package exact writes JSON that says what it was given, or none.
package exact

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"unicode/utf8"
)

// replacement is what [json.Marshal] writes for a byte that is not UTF-8. A U+FFFD that was
// in the text stays as it is, and a backslash of the text is doubled. Only a marshaler of
// one's own may write the same and mean a U+FFFD; it cannot be told apart, and is refused.
var replacement = regexp.MustCompile(`[^\\](\\\\)*\\ufffd`)

// Marshal is [json.Marshal], but refuses texts that are not valid UTF-8, and leaves <, > and
// & as they are.
func Marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
	if !utf8.Valid(text) || bytes.Contains(text, []byte(`\ufffd`)) && replacement.Match(text) {
		return nil, errors.New("a text is not valid UTF-8")
	}
	return text, nil
}
