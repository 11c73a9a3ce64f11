package linktor_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/linktor/linktor-go"
)

// ownTransport has a result for each request, or sends it.
type ownTransport struct {
	mutex   sync.Mutex
	results []any
	client  *linktor.Client
}

var networkFailures = map[string]error{
	"connect":     &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
	"interrupted": &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
	"timeout":     &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded},
}

// plainTransport tries nothing again, as one does whose connections are new.
var plainTransport = &http.Transport{DisableKeepAlives: true}

func (o *ownTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	result := o.next()
	if message, ok := result["error"].(string); ok {
		return nil, errors.New(message)
	}
	if name, ok := result["fail"].(string); ok {
		return nil, networkFailures[name]
	}
	if status, ok := result["status"]; ok {
		text, _ := result["text"].(string)
		response := &http.Response{StatusCode: whole(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}
		headers, _ := result["headers"].(object)
		for name, value := range headers {
			response.Header.Set(name, value.(string))
		}
		return response, nil
	}
	if path, ok := result["get"].(string); ok {
		if _, err := o.client.Get(request.Context(), path); err != nil {
			return nil, err
		}
	}
	return plainTransport.RoundTrip(request)
}

func (o *ownTransport) next() object {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.results) == 0 {
		return nil
	}
	result := o.results[0].(object)
	o.results = o.results[1:]
	return result
}
