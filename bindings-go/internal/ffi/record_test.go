package ffi

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"
	"time"
)

// record writes as the core does.
type record []byte

func (r record) uint16(n uint16) record { return binary.BigEndian.AppendUint16(r, n) }
func (r record) uint32(n uint32) record { return binary.BigEndian.AppendUint32(r, n) }
func (r record) uint64(n uint64) record { return binary.BigEndian.AppendUint64(r, n) }
func (r record) text(s string) record   { return append(r.uint32(uint32(len(s))), s...) }
func (r record) byte(b byte) record     { return append(r, b) }

func batch() (record, []Item) {
	data := record{}.uint32(11)
	data = data.uint32(1).uint64(7).uint16(200).text("a\nb\n").text("body").text("").text("req-1").uint32(2)
	data = data.uint64(1).uint32(500_000_000).byte(1).text("other").byte(1).uint64(10).byte(1).uint64(math.MaxUint64)
	data = data.byte(1).uint64(4).uint32(0).byte(1).uint64(1).uint64(3).byte(1).uint64(2)
	data = data.uint32(1).uint64(8).uint16(200).text("").text("").text("\xff").text("req-2").uint32(1)
	data = data.uint64(0).uint32(0).byte(1).text("").byte(0).byte(0).byte(0).byte(0).byte(0)
	data = data.uint32(2).uint64(9).text(`null`)
	data = data.uint32(3).uint64(10).text(`{"kind":"api"}`)
	data = data.uint32(4).uint64(11).uint64(1)
	data = data.uint32(5).uint64(12).uint64(1).text("key")
	data = data.uint32(6).uint64(13).uint64(1).text("key").text("text")
	data = data.uint32(7).uint64(14).uint64(1).text("key")
	data = data.uint32(8).uint64(15).uint64(1).byte(1).uint64(7).text("POST").text("http://a/").text("a\nb\n")
	data = data.text("").text("\xfe").uint64(64)
	data = data.uint32(9).uint64(11)
	data = data.uint32(10).uint64(1).byte(0).text("{}")
	return data, []Item{
		{Kind: Response, ID: 7, Status: 200, Headers: "a\nb\n", Body: []byte("body"), RequestID: "req-1", Attempts: 2,
			Waited:    1500 * time.Millisecond,
			RateLimit: &RateLimit{"other", new(int64(10)), new(int64(math.MaxInt64)), new(4 * time.Second)},
			Items:     &Span{1, 3}, NextPage: 2},
		{Kind: Response, ID: 8, Status: 200, Body: []byte("\xff"), RequestID: "req-2", Attempts: 1,
			RateLimit: &RateLimit{}},
		{Kind: Value, ID: 9, Record: "null"},
		{Kind: Failed, ID: 10, Record: `{"kind":"api"}`},
		{Kind: TokenWanted, ID: 11, Client: 1},
		{Kind: LoadWanted, ID: 12, Client: 1, Key: "key"},
		{Kind: SaveWanted, ID: 13, Client: 1, Key: "key", Record: "text"},
		{Kind: LockWanted, ID: 14, Client: 1, Key: "key"},
		{Kind: SendWanted, ID: 15, Client: 1, Call: 7, Method: "POST", URL: "http://a/", Headers: "a\nb\n",
			Body: []byte("\xfe"), MaxBody: 64},
		{Kind: Abandoned, ID: 11},
		{Kind: Told, Client: 1, Record: "{}"},
	}
}

func TestABatchIsReadInOrder(t *testing.T) {
	data, expected := batch()
	items, err := readItems(data)
	if err != nil || !reflect.DeepEqual(items, expected) {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestWhatIsCutShortIsADefectAndNoCrash(t *testing.T) {
	data, _ := batch()
	for length := range data {
		if _, err := readItems(data[:length]); err == nil {
			t.Errorf("the first %d bytes are no error", length)
		}
	}
	if _, err := readItems(append(data, 0)); err == nil {
		t.Error("a byte too many is no error")
	}
}

func TestAnEventIsReadInOrder(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC)
	data := record{}.byte(1).text("evt_1").byte(1).text("a").byte(1).uint64(math.Float64bits(1767323045.123456))
	data = data.byte(1).text("org_1").uint32(1).uint64(2).uint64(5).byte(1).text("evt_1 0f")
	event, err := readEvent(data)
	expected := Event{ID: "evt_1", Type: "a", Organization: "org_1", Timestamp: at, Data: Data{Span: Span{2, 5}},
		Key: "evt_1 0f"}
	if err != nil || event != expected {
		t.Errorf("%+v, %v", event, err)
	}
	for length := range data {
		if _, err := readEvent(data[:length]); err == nil {
			t.Errorf("the first %d bytes are no error", length)
		}
	}
	for variant, data := range []Data{2: {Nothing: true}, 3: {NotJSON: true}} {
		event, err := readEvent(record(make([]byte, 4)).uint32(uint32(variant)).byte(0))
		if isThere := data != (Data{}); event != (Event{Data: data}) || (err == nil) != isThere {
			t.Errorf("%d: %+v, %v", variant, event, err)
		}
	}
}

func TestFactsAreReadInOrder(t *testing.T) {
	data := record{}.uint32(2).text("a").text("").uint64(7)
	facts, err := readFacts(data)
	if err != nil || !reflect.DeepEqual(facts, VerifierFacts{HeaderNames: []string{"a", ""}, SizeLimit: 7}) {
		t.Errorf("%+v, %v", facts, err)
	}
	for length := range data {
		if _, err := readFacts(data[:length]); err == nil {
			t.Errorf("the first %d bytes are no error", length)
		}
	}
}

func TestPairsAreReadInOrder(t *testing.T) {
	data := record{}.uint32(2).text("a").text("").text("").text("b")
	pairs, err := readPairs(data)
	if err != nil || !reflect.DeepEqual(pairs, [][2]string{{"a", ""}, {"", "b"}}) {
		t.Errorf("%q, %v", pairs, err)
	}
	for length := range data {
		if _, err := readPairs(data[:length]); err == nil {
			t.Errorf("the first %d bytes are no error", length)
		}
	}
}

func FuzzReadItems(f *testing.F) {
	data, _ := batch()
	f.Add([]byte(data))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = readItems(data)
		_, _ = readPayload(data)
		_, _ = readRateLimit(data)
		_, _ = readEvent(data)
		_, _ = readFacts(data)
		_, _ = readOptionalItem(data)
		_, _ = readAnswer(data)
		_, _ = readFD(data)
		_, _ = readNumbers(data)
		_, _ = readPairs(data)
		_ = readFailure(data)
	})
}

func TestTextsThatAreNotUTF8DoNotCross(t *testing.T) {
	if _, err := NewClient("\xff"); err == nil {
		t.Error("options")
	}
	client, err := NewClient(`{"anonymous":true}`)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Free()
	if err := client.Submit(1, "GET", "/\xff", "", nil); err == nil {
		t.Error("path")
	}
}

func TestAFailureOfTheCoreIsOne(t *testing.T) {
	_, err := NewClient(`{"nonsense":1}`)
	if _, ok := err.(*Failure); !ok {
		t.Errorf("%T %v", err, err)
	}
}
