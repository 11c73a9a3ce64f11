package webhook

import (
	"net/http"
	"strings"

	"github.com/linktor/linktor-go/internal/ffi"
)

// usualHeader is as long as what is read of most headers when it is packed.
const usualHeader = 256

// headerNames are the headers that a verifier reads.
type headerNames struct {
	each []headerName
	// lengths has a bit for each length that one of them has, by which nearly all others are
	// told apart.
	lengths uint64
}

type headerName struct {
	canonical string
	packed    []byte
}

func headerNamesOf(names []string) headerNames {
	var read headerNames
	for _, name := range names {
		read.each = append(read.each, headerName{http.CanonicalHeaderKey(name), ffi.Pack(nil, name)})
		read.lengths |= lengthBit(name)
	}
	return read
}

// pack lays a header out as it crosses: what of it is read, in whatever case it is written,
// and as often as it is there, since what is there twice is the core's to refuse.
func (n *headerNames) pack(packed []byte, header http.Header) []byte {
	for name, values := range header {
		if n.lengths&lengthBit(name) == 0 {
			continue
		}
		for _, one := range n.each {
			if one.canonical != name && (len(one.canonical) != len(name) || !strings.EqualFold(one.canonical, name)) {
				continue
			}
			for _, value := range values {
				packed = ffi.Pack(append(packed, one.packed...), value)
			}
			break
		}
	}
	return packed
}

func lengthBit(name string) uint64 { return 1 << (len(name) % 64) }

// packAll is [headerNames.pack] where it is not known what is read.
func packAll(header http.Header) []byte {
	var packed []byte
	for name, values := range header {
		for _, value := range values {
			packed = ffi.Pack(ffi.Pack(packed, name), value)
		}
	}
	return packed
}
