package ffi

import (
	"encoding/binary"
	"reflect"
	"testing"
)

func text(data []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(data, uint32(len(text))), text...)
}

func batch() ([]byte, []Item) {
	data := binary.BigEndian.AppendUint32(nil, 4)
	data = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(data, 1), 7)
	data = binary.BigEndian.AppendUint16(data, 200)
	data = text(text(text(text(data, "a\nb\n"), "body"), ""), "req-1")
	data = binary.BigEndian.AppendUint32(data, 2)
	data = text(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(data, 2), 8), `{"kind":"api"}`)
	data = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(data, 3), 9), 1)
	data = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(data, 4), 9)
	return data, []Item{
		{Kind: Response, ID: 7, Status: 200, Headers: "a\nb\n", Body: []byte("body"), RequestID: "req-1", Attempts: 2},
		{Kind: Failed, ID: 8, Record: `{"kind":"api"}`},
		{Kind: TokenWanted, ID: 9, Client: 1},
		{Kind: Abandoned, ID: 9},
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

func FuzzReadItems(f *testing.F) {
	data, _ := batch()
	f.Add(data)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = readItems(data)
		_, _ = readPayload(data)
		_ = readFailure(data)
	})
}

func TestTextsThatAreNotUTF8DoNotCross(t *testing.T) {
	if _, err := NewClient("\xff"); err == nil {
		t.Error("options")
	}
	if err := Fail(0, "\xff"); err == nil {
		t.Error("message")
	}
	client, err := NewClient(`{"anonymous":true}`)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Free()
	if _, err := client.Submit("GET", "/\xff", "", nil); err == nil {
		t.Error("path")
	}
}

func TestAFailureOfTheCoreIsOne(t *testing.T) {
	_, err := NewClient(`{"nonsense":1}`)
	if _, ok := err.(*Failure); !ok {
		t.Errorf("%T %v", err, err)
	}
}
