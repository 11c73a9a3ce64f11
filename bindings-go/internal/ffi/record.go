package ffi

import (
	"bytes"
	"encoding/binary"
)

// Kind tells one Item from another.
type Kind int32

// The kinds of Item, numbered as they cross.
const (
	Response Kind = iota + 1
	Value
	Failed
	TokenWanted
	Abandoned
)

// Item is one thing that came up; its kind says which fields it has.
type Item struct {
	Kind Kind
	// ID is the call's or the question's.
	ID uint64

	// Of a Response.
	Status    int
	Headers   string // names and values in turn, each ended by a line feed
	Body      []byte
	RequestID string
	Attempts  int
	Items     *Span  // where in the body a page's items are, if it has some
	NextPage  uint64 // 0 for none

	// Value is of a Value: what an auth call gave, as JSON.
	Value string

	// Record is of a Failed: an error record as JSON.
	Record string

	// Client is of a TokenWanted.
	Client uint64
}

// Span is Body[Start:End].
type Span struct{ Start, End int }

// Payload says where a payload lies: in a span, nowhere, or, for EmptyList, in a list that
// the server wrote as null.
type Payload struct {
	Nothing, EmptyList bool
	Span               Span
}

var errLayout = &Defect{"a defect of the SDK: what crossed is not laid out as expected"}

func readItems(data []byte) ([]Item, error) {
	r := reader{data: data}
	count := int(r.uint32())
	// Not more than can be there: an item takes 12 bytes at least.
	items := make([]Item, 0, min(count, len(data)/12))
	for range count {
		if items = append(items, r.item()); r.short {
			return nil, errLayout
		}
	}
	if !r.done() {
		return nil, errLayout
	}
	return items, nil
}

func (r *reader) item() Item {
	item := Item{Kind: Kind(r.uint32()), ID: r.uint64()}
	switch item.Kind {
	case Response:
		item.Status = int(r.uint16())
		item.Headers = string(r.bytes())
		item.Body = bytes.Clone(r.bytes())
		if raw := r.bytes(); len(raw) > 0 {
			item.Body = bytes.Clone(raw)
		}
		item.RequestID = string(r.bytes())
		item.Attempts = int(r.uint32())
		if r.isSome() {
			item.Items = new(r.span())
		}
		if r.isSome() {
			item.NextPage = r.uint64()
		}
	case Value:
		item.Value = string(r.bytes())
	case Failed:
		item.Record = string(r.bytes())
	case TokenWanted:
		item.Client = r.uint64()
	case Abandoned:
	default:
		r.short = true
	}
	return item
}

func readPayload(data []byte) (Payload, error) {
	r := reader{data: data}
	var payload Payload
	switch r.uint32() {
	case 1:
		payload.Span = r.span()
	case 2:
		payload.Nothing = true
	case 3:
		payload.EmptyList = true
	default:
		r.short = true
	}
	if !r.done() {
		return Payload{}, errLayout
	}
	return payload, nil
}

func readFailure(data []byte) error {
	r := reader{data: data}
	variant, record := r.uint32(), string(r.bytes())
	if variant != 1 || !r.done() {
		return errLayout
	}
	return &Failure{record}
}

// writeTexts lays a list of texts out as it crosses.
func writeTexts(texts []string) []byte {
	data := binary.BigEndian.AppendUint32(nil, uint32(len(texts)))
	for _, text := range texts {
		data = append(binary.BigEndian.AppendUint32(data, uint32(len(text))), text...)
	}
	return data
}

// reader reads uniffi's big-endian records in order. Past the end it reads zeros.
type reader struct {
	data  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.short, r.data = true, nil
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) isSome() bool {
	flag := r.take(1)
	return flag != nil && flag[0] == 1
}

func (r *reader) span() Span {
	return Span{int(r.uint64()), int(r.uint64())}
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) bytes() []byte {
	return r.take(int(int32(r.uint32())))
}

func (r *reader) done() bool {
	return !r.short && len(r.data) == 0
}
