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
	LoadWanted
	SaveWanted
	LockWanted
	SendWanted
	Abandoned
	Told
)

// Item is one thing that came up; its kind says which fields it has.
type Item struct {
	Kind Kind
	// ID is the call's or the question's.
	ID uint64

	// Of a Response; Headers and Body also of a SendWanted.
	Status    int
	Headers   string // names and values in turn, each ended by a line feed
	Body      []byte
	RequestID string
	Attempts  int
	Waited    time.Duration
	RateLimit *RateLimit // what the answer says of it, if it says anything
	Items     *Span      // where in the body a page's items are, if it has some
	NextPage  uint64     // 0 for none

	// Record is of a Value what an auth call gave, and else an error or an event: as JSON. Of
	// a SaveWanted it is what to save.
	Record string

	// Of all that is wanted, and of a Told.
	Client uint64
	Call   uint64 // 0 for none
	Key    string // of a token store's

	// Of a SendWanted.
	Method, URL string
	MaxBody     int64
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
	Key                    string
}

// VerifierFacts are what is to be known of a verifier before a delivery is read.
type VerifierFacts struct {
	HeaderNames []string // those that it reads, in lower case
	SizeLimit   int64    // the longest body that it takes, in bytes
}

// WebhookAnswer is what a sender gets.
type WebhookAnswer struct {
	Status  int
	Headers [][2]string
	Body    string
}

// Data says where an event's data lies: in a span of the body, nowhere, or, for NotJSON, in a
// body that is not JSON.
type Data struct {
	Nothing, NotJSON bool
	Span             Span
}

var errLayout = &Defect{"a defect of the SDK: what crossed is not laid out as expected"}

func readItems(data []byte) ([]Item, error) {
	return readWhole(data, func(r *reader) []Item { return list(r, 12, (*reader).item) })
}

func (r *reader) item() Item {
	item := Item{Kind: Kind(r.uint32())}
	if item.Kind != Told {
		item.ID = r.uint64()
	}
	switch item.Kind {
	case Response:
		item.Status = int(r.uint16())
		item.Headers = string(r.bytes())
		item.Body = r.body()
		item.RequestID = string(r.bytes())
		item.Attempts = int(r.uint32())
		item.Waited = r.duration()
		item.RateLimit = r.rateLimit()
		if r.isSome() {
			item.Items = new(r.span())
		}
		item.NextPage = r.optionalNumber()
	case Value, Failed:
		item.Record = string(r.bytes())
	case TokenWanted:
		item.Client = r.uint64()
	case LoadWanted, LockWanted:
		item.Client, item.Key = r.uint64(), string(r.bytes())
	case SaveWanted:
		item.Client, item.Key, item.Record = r.uint64(), string(r.bytes()), string(r.bytes())
	case SendWanted:
		item.Client, item.Call = r.uint64(), r.optionalNumber()
		item.Method, item.URL, item.Headers = string(r.bytes()), string(r.bytes()), string(r.bytes())
		item.Body, item.MaxBody = r.body(), int64(min(r.uint64(), math.MaxInt64))
	case Abandoned:
	case Told:
		item.Client, item.Call, item.Record = r.uint64(), r.optionalNumber(), string(r.bytes())
	default:
		r.short = true
	}
	return item
}

// body reads a text, or else bytes.
func (r *reader) body() []byte {
	text, raw := r.bytes(), r.bytes()
	if len(raw) > 0 {
		return bytes.Clone(raw)
	}
	return bytes.Clone(text)
}

// readOptionalItem reads one that may be missing.
func readOptionalItem(data []byte) (*Item, error) {
	return readWhole(data, func(r *reader) *Item {
		if !r.isSome() {
			return nil
		}
		return new(r.item())
	})
}

func readPayload(data []byte) (Payload, error) { return readWhole(data, (*reader).payload) }

func readRateLimit(data []byte) (*RateLimit, error) { return readWhole(data, (*reader).rateLimit) }

func readPairs(data []byte) ([][2]string, error) { return readWhole(data, (*reader).pairs) }

func readNumbers(data []byte) ([]uint64, error) {
	return readWhole(data, func(r *reader) []uint64 { return list(r, 8, (*reader).uint64) })
}

func readFacts(data []byte) (VerifierFacts, error) {
	return readWhole(data, func(r *reader) VerifierFacts {
		return VerifierFacts{HeaderNames: r.texts(), SizeLimit: int64(min(r.uint64(), math.MaxInt64))}
	})
}

func readAnswer(data []byte) (WebhookAnswer, error) {
	return readWhole(data, func(r *reader) WebhookAnswer {
		return WebhookAnswer{Status: int(r.uint16()), Headers: r.pairs(), Body: string(r.bytes())}
	})
}

// readFD reads a descriptor that may be missing.
func readFD(data []byte) (*uintptr, error) {
	return readWhole(data, func(r *reader) *uintptr {
		if !r.isSome() {
			return nil
		}
		return new(uintptr(r.uint32()))
	})
}

func readEvent(data []byte) (Event, error) {
	return readWhole(data, func(r *reader) Event {
		event := Event{ID: r.optionalText(), Type: r.optionalText()}
		if r.isSome() {
			event.Timestamp = r.time()
		}
		event.Organization = r.optionalText()
		event.Data = r.eventData()
		event.Key = r.optionalText()
		return event
	})
}

// readWhole reads one thing, after which nothing may be left.
func readWhole[T any](data []byte, read func(*reader) T) (T, error) {
	r := reader{data: data}
	value := read(&r)
	if !r.done() {
		var none T
		return none, errLayout
	}
	return value, nil
}

// list reads as many as it says, but not more than can be there: each takes least bytes.
func list[T any](r *reader, least int, read func(*reader) T) []T {
	count := int(r.uint32())
	values := make([]T, 0, min(count, len(r.data)/least))
	for range count {
		if values = append(values, read(r)); r.short {
			return nil
		}
	}
	return values
}

func (r *reader) texts() []string {
	return list(r, 4, func(r *reader) string { return string(r.bytes()) })
}

func (r *reader) pairs() [][2]string {
	return list(r, 8, func(r *reader) [2]string { return [2]string{string(r.bytes()), string(r.bytes())} })
}

func readFailure(data []byte) error {
	r := reader{data: data}
	variant, record := r.uint32(), string(r.bytes())
	if variant != 1 || !r.done() {
		return errLayout
	}
	return &Failure{record}
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

// writeNumbers lays a list of numbers out as it crosses.
func writeNumbers(numbers []uint64) []byte {
	data := binary.BigEndian.AppendUint32(nil, uint32(len(numbers)))
	for _, number := range numbers {
		data = binary.BigEndian.AppendUint64(data, number)
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

// optionalNumber reads one that may be missing, and is 0 then.
func (r *reader) optionalNumber() uint64 {
	if !r.isSome() {
		return 0
	}
	return r.uint64()
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
