package ffi

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
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
	Waited    time.Duration
	RateLimit *RateLimit // what the answer says of it, if it says anything
	Items     *Span      // where in the body a page's items are, if it has some
	NextPage  uint64     // 0 for none

	// Value is of a Value: what an auth call gave, as JSON.
	Value string

	// Record is of a Failed: an error record as JSON.
	Record string

	// Client is of a TokenWanted.
	Client uint64
}

// Span is Body[Start:End].
type Span struct{ Start, End int }

// RateLimit is what is known of one class of requests.
type RateLimit struct {
	Class            string
	Limit, Remaining *int64
	Reset            *time.Duration
}

// Payload says where a payload lies: in a span, nowhere, or, for EmptyList, in a list that
// the server wrote as null.
type Payload struct {
	Nothing, EmptyList bool
	Span               Span
}

// Event is what a verified delivery tells; what it does not tell is zero.
type Event struct {
	ID, Type, Organization string
	Timestamp              time.Time
	Data                   Data
}

// Data says where an event's data lies: in a span of the body, nowhere, or, for NotJSON, in a
// body that is not JSON.
type Data struct {
	Nothing, NotJSON bool
	Span             Span
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
		item.Waited = r.duration()
		item.RateLimit = r.rateLimit()
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
	payload := r.payload()
	if !r.done() {
		return Payload{}, errLayout
	}
	return payload, nil
}

func readRateLimit(data []byte) (*RateLimit, error) {
	r := reader{data: data}
	limit := r.rateLimit()
	if !r.done() {
		return nil, errLayout
	}
	return limit, nil
}

func readFailure(data []byte) error {
	r := reader{data: data}
	variant, record := r.uint32(), string(r.bytes())
	if variant != 1 || !r.done() {
		return errLayout
	}
	return &Failure{record}
}

func readEvent(data []byte) (Event, error) {
	r := reader{data: data}
	event := Event{ID: r.optionalText(), Type: r.optionalText()}
	if r.isSome() {
		event.Timestamp = r.time()
	}
	event.Organization = r.optionalText()
	event.Data = r.eventData()
	if !r.done() {
		return Event{}, errLayout
	}
	return event, nil
}

func readTexts(data []byte) ([]string, error) {
	r := reader{data: data}
	count := int(r.uint32())
	// Not more than can be there: a text takes 4 bytes at least.
	texts := make([]string, 0, min(count, len(data)/4))
	for range count {
		if texts = append(texts, string(r.bytes())); r.short {
			return nil, errLayout
		}
	}
	if !r.done() {
		return nil, errLayout
	}
	return texts, nil
}

func readPairs(data []byte) ([][2]string, error) {
	r := reader{data: data}
	count := int(r.uint32())
	// Not more than can be there: a pair takes 8 bytes at least.
	pairs := make([][2]string, 0, min(count, len(data)/8))
	for range count {
		pair := [2]string{string(r.bytes()), string(r.bytes())}
		if r.short {
			return nil, errLayout
		}
		pairs = append(pairs, pair)
	}
	if !r.done() {
		return nil, errLayout
	}
	return pairs, nil
}

// Pack appends bytes as they cross in lists that are lent: after their length.
func Pack(packed []byte, bytes string) []byte {
	return append(binary.BigEndian.AppendUint32(packed, uint32(len(bytes))), bytes...)
}

// writeTexts lays a list of texts out as it crosses.
func writeTexts(texts []string) []byte {
	data := binary.BigEndian.AppendUint32(nil, uint32(len(texts)))
	for _, text := range texts {
		data = Pack(data, text)
	}
	return data
}

// writeOption lays a text that may be missing out as it crosses.
func writeOption(text *string) []byte {
	if text == nil {
		return []byte{0}
	}
	return Pack([]byte{1}, *text)
}

// writeCount lays a number that may be missing out as it crosses.
func writeCount(count *int64) []byte {
	if count == nil {
		return []byte{0}
	}
	return binary.BigEndian.AppendUint64([]byte{1}, uint64(*count))
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

func (r *reader) payload() Payload {
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
	return payload
}

func (r *reader) eventData() Data {
	var data Data
	switch r.uint32() {
	case 1:
		data.Span = r.span()
	case 2:
		data.Nothing = true
	case 3:
		data.NotJSON = true
	default:
		r.short = true
	}
	return data
}

// optionalText reads one that may be missing, and is empty then.
func (r *reader) optionalText() string {
	if !r.isSome() {
		return ""
	}
	return string(r.bytes())
}

// time reads epoch seconds, which as a float are exact to a microsecond.
func (r *reader) time() time.Time {
	seconds := math.Float64frombits(r.uint64())
	return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC()
}

// rateLimit reads one that may be missing.
func (r *reader) rateLimit() *RateLimit {
	if !r.isSome() {
		return nil
	}
	limit := &RateLimit{Class: string(r.bytes()), Limit: r.count(), Remaining: r.count()}
	if r.isSome() {
		limit.Reset = new(r.duration())
	}
	return limit
}

// count reads a number that may be missing, as far as an int64 reaches.
func (r *reader) count() *int64 {
	if !r.isSome() {
		return nil
	}
	return new(int64(min(r.uint64(), math.MaxInt64)))
}

// duration reads one as far as a Duration reaches.
func (r *reader) duration() time.Duration {
	const longest = math.MaxInt64/uint64(time.Second) - 1
	seconds, nanoseconds := min(r.uint64(), longest), r.uint32()
	return time.Duration(seconds)*time.Second + time.Duration(nanoseconds)
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
