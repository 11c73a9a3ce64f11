package linktor_test

import (
	"net/http"
	"testing"

	"github.com/linktor/linktor-go"
)

// shortGzip is a case whose body is shorter than a header of gzip: [http.Transport] says of it
// what it says of one that was cut off.
const shortGzip = "retry/a_get_is_not_repeated_after_a_body_that_cannot_be_decompressed"

func TestVectorsThroughARoundTripper(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("they take a minute")
	}
	// What a connection of its pool lost, net/http repeats by itself.
	transport := linktor.WithRoundTripper(&http.Transport{DisableKeepAlives: true})
	for name, one := range vectors(t) {
		if one.sends() && name != shortGzip {
			t.Run(name, func(t *testing.T) { runCase(t, one, transport) })
		}
	}
}

// sends tells whether a case sends anything by the client's transport.
func (c vectorCase) sends() bool {
	if c.Transport != nil {
		return false
	}
	for _, call := range c.Calls {
		if call["method"] != nil {
			return true
		}
	}
	return len(c.Journal) > 0 || c.Script != nil
}
