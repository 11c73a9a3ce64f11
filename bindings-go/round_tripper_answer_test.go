package linktor_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// stream is a body that is written as it is read, and says how it was read.
type stream struct {
	read   func([]byte) (int, error)
	bytes  atomic.Int64
	closed atomic.Int32
}

func (s *stream) Read(buffer []byte) (int, error) {
	count, err := s.read(buffer)
	s.bytes.Add(int64(count))
	return count, err
}

func (s *stream) Close() error {
	s.closed.Add(1)
	return nil
}

func endless(buffer []byte) (int, error) { return len(buffer), nil }

func ended([]byte) (int, error) {
	runtime.Goexit()
	return 0, nil
}

// failing is a body that breaks after its first bytes.
func failing(err error) func([]byte) (int, error) {
	isBegun := false
	return func(buffer []byte) (int, error) {
		if isBegun {
			return 0, err
		}
		isBegun = true
		return copy(buffer, `{"message":"half`), nil
	}
}

func TestOfABodyThatIsTooLargeNoMoreIsReadThanToTheLimit(t *testing.T) {
	const limit = 64 << 20
	for status, kind := range map[int]linktor.Kind{200: linktor.KindProtocol, 404: linktor.KindNotFound} {
		body := &stream{read: endless}
		_, err := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: body}, nil
		})).Get(t.Context(), "/me")
		failure, _ := errors.AsType[*linktor.Error](err)
		if failure == nil || failure.Kind != kind || status == 200 && failure.Code != "body_too_large" || failure.Attempts != 1 {
			t.Errorf("%d: %v", status, err)
		}
		if body.bytes.Load() != limit+1 || body.closed.Load() != 1 {
			t.Errorf("%d: %d bytes, closed %d times", status, body.bytes.Load(), body.closed.Load())
		}
	}
	response, err := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.LimitReader(&stream{read: endless}, limit))}, nil
	})).Get(t.Context(), "/me")
	if err != nil || len(response.Body) != limit {
		t.Errorf("%v, %v", response, err)
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	zipped, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	zeros := make([]byte, 1<<20)
	for range 200 {
		_, _ = zipped.Write(zeros)
	}
	_ = zipped.Close()
	client := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	_, err := client.Get(t.Context(), "/me")
	if failure, _ := errors.AsType[*linktor.Error](err); failure == nil || failure.Code != "body_too_large" {
		t.Error(err)
	}
}

func TestABodyIsClosedWhateverBecomesOfIt(t *testing.T) {
	broken := errors.New("a cassette that is torn")
	for name, one := range map[string]struct {
		status  int
		read    func([]byte) (int, error)
		err     error
		kind    linktor.Kind
		code    string
		isFound bool
	}{
		"whole":                 {200, failing(io.EOF), nil, "", "", false},
		"too short":             {200, failing(io.ErrUnexpectedEOF), nil, linktor.KindProtocol, "truncated", true},
		"reset":                 {200, failing(syscall.ECONNRESET), nil, linktor.KindProtocol, "truncated", true},
		"late":                  {200, failing(os.ErrDeadlineExceeded), nil, linktor.KindTimeout, "", true},
		"broken":                {200, failing(broken), nil, linktor.KindCallback, "", true},
		"panicking":             {200, func([]byte) (int, error) { panic(broken) }, nil, linktor.KindCallback, "", true},
		"ending":                {200, ended, nil, linktor.KindCallback, "", false},
		"broken of an error":    {404, failing(io.ErrUnexpectedEOF), nil, linktor.KindNotFound, "", false},
		"torn of an error":      {404, failing(broken), nil, linktor.KindNotFound, "", false},
		"of a status too small": {99, failing(io.EOF), nil, linktor.KindCallback, "", false},
		"of a status too large": {600, failing(io.EOF), nil, linktor.KindCallback, "", false},
		"beside an error":       {200, failing(io.EOF), broken, linktor.KindCallback, "", true},
		"of a connection":       {101, func([]byte) (int, error) { select {} }, nil, linktor.KindAPI, "", false},
	} {
		body := &stream{read: one.read}
		response, err := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: one.status, Body: body}, one.err
		}), linktor.WithMaxRetries(0)).Get(t.Context(), "/me", linktor.Deadline(5*time.Second))
		if one.kind == "" {
			if err != nil || string(response.Body) != `{"message":"half` {
				t.Errorf("%s: %v, %v", name, response, err)
			}
		} else {
			failure, _ := errors.AsType[*linktor.Error](err)
			isFound := errors.Is(err, broken) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
				errors.Is(err, os.ErrDeadlineExceeded)
			if failure == nil || failure.Kind != one.kind || failure.Code != one.code || isFound != one.isFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		eventually(t, name+" is closed", func() bool { return body.closed.Load() == 1 })
	}
}

func TestWhatIsNoResponseIsACallbackErrorThatSaysSo(t *testing.T) {
	for name, one := range map[string]struct {
		response *http.Response
		said     string
	}{
		"none":             {nil, "neither a response nor an error"},
		"no status":        {&http.Response{}, "from 100 to 599"},
		"a status below":   {answer(-1, ""), "from 100 to 599"},
		"a status above":   {answer(65_536+200, ""), "from 100 to 599"},
		"a name":           {answer(200, "", "bad name", "x"), "header that cannot be one"},
		"no name":          {answer(200, "", "", "x"), "header that cannot be one"},
		"a name not UTF-8": {answer(200, "", "a\xff", "x"), "header that cannot be one"},
		"a value":          {answer(200, "", "A", "x\ny"), "header that cannot be one"},
	} {
		calls := 0
		_, err := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) {
			calls++
			return one.response, nil
		})).Get(t.Context(), "/me")
		failure, _ := errors.AsType[*linktor.Error](err)
		if failure == nil || failure.Kind != linktor.KindCallback || len(failure.Unwrap()) != 1 ||
			!strings.Contains(failure.Unwrap()[0].Error(), one.said) || calls != 1 {
			t.Errorf("%s: %v, %d calls", name, err, calls)
		}
	}
	for name, response := range map[string]*http.Response{
		"no body": {StatusCode: 204}, "no reason": {StatusCode: 299, Body: http.NoBody},
	} {
		client := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) { return response, nil }))
		if _, err := client.Get(t.Context(), "/me"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARoundTripperMayFailInEveryWay(t *testing.T) {
	broken := errors.New("no cassette")
	for name, end := range ends(broken) {
		calls := 0
		_, err := mocked(t, roundTripper(func(request *http.Request) (*http.Response, error) {
			calls++
			return nil, end(request.Context())
		})).Get(t.Context(), "/me")
		failure, _ := errors.AsType[*linktor.Error](err)
		if failure == nil || failure.Kind != linktor.KindCallback || failure.Sent != linktor.SentMaybe || failure.Attempts != 1 ||
			calls != 1 || name == "an error" && !errors.Is(err, broken) {
			t.Errorf("%s: %v, %d calls", name, err, calls)
		}
	}
}
