package webhook

import (
	"net/http"
	"strings"

	"github.com/linktor/linktor-go/internal/ffi"
)

// usualHeader is as long as most headers are when they are packed.
const usualHeader = 1024

// headerNames are the headers that a verifier reads.
type headerNames struct {
	canonical []string
	// lengths has a bit for each length that one of them has.
	lengths uint64
}

func headerNamesOf(names []string) headerNames {
	var read headerNames
	for _, name := range names {
		read.canonical = append(read.canonical, http.CanonicalHeaderKey(name))
		read.lengths |= lengthBit(name)
	}
	return read
}

// pack lays a header out as it crosses: what of it is read, in whatever case it is written,
// and as often as it is there, since what is there twice is the core's to refuse.
func (n *headerNames) pack(packed []byte, header http.Header) []byte {
	for name, values := range header {
		// Nearly all are told apart by their lengths.
		if n.lengths&lengthBit(name) != 0 && n.contain(name) {
			packed = packEach(packed, name, values)
		}
	}
	return packed
}

func (n *headerNames) contain(name string) bool {
	for _, one := range n.canonical {
		if len(one) == len(name) && strings.EqualFold(one, name) {
			return true
		}
	}
	return false
}

func lengthBit(name string) uint64 { return 1 << (len(name) % 64) }

// packAll is [headerNames.pack] of a header of which it is not known what is read.
func packAll(packed []byte, header http.Header) []byte {
	for name, values := range header {
		packed = packEach(packed, name, values)
	}
	return packed
}

func packEach(packed []byte, name string, values []string) []byte {
	for _, value := range values {
		packed = ffi.Pack(ffi.Pack(packed, name), value)
	}
	return packed
}
