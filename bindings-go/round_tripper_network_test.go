package linktor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// late is an error of a time that is up.
type late struct{ error }

func (late) Timeout() bool { return true }

func TestAnErrorOfTheNetworkIsTriedAgainAsOne(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	errno := func(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }
	for name, one := range map[string]struct {
		err  error
		kind linktor.Kind
		sent linktor.Sent
	}{
		"refused":                {dial(errno("connect", syscall.ECONNREFUSED)), linktor.KindConnection, linktor.SentNo},
		"refused, wrapped":       {fmt.Errorf("sending: %w", dial(syscall.ECONNREFUSED)), linktor.KindConnection, linktor.SentNo},
		"refused, bare":          {syscall.ECONNREFUSED, linktor.KindConnection, linktor.SentNo},
		"refused, of a client":   {&url.Error{Op: "Get", Err: dial(syscall.ECONNREFUSED)}, linktor.KindConnection, linktor.SentNo},
		"refused by a proxy":     {&net.OpError{Op: "proxyconnect", Err: errors.New("no")}, linktor.KindConnection, linktor.SentNo},
		"unreachable":            {errno("connect", syscall.EHOSTUNREACH), linktor.KindConnection, linktor.SentNo},
		"unknown name":           {&net.DNSError{Err: "no such host", IsNotFound: true}, linktor.KindConnection, linktor.SentNo},
		"untrusted":              {&tls.CertificateVerificationError{Err: errors.New("no")}, linktor.KindConnection, linktor.SentNo},
		"late to connect":        {dial(os.ErrDeadlineExceeded), linktor.KindTimeout, linktor.SentNo},
		"late to resolve":        {&net.DNSError{Err: "late", IsTimeout: true}, linktor.KindTimeout, linktor.SentNo},
		"reset":                  {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, linktor.KindConnection, linktor.SentMaybe},
		"reset, bare":            {syscall.ECONNRESET, linktor.KindConnection, linktor.SentMaybe},
		"broken pipe":            {errno("write", syscall.EPIPE), linktor.KindConnection, linktor.SentMaybe},
		"closed":                 {net.ErrClosed, linktor.KindConnection, linktor.SentMaybe},
		"end":                    {io.EOF, linktor.KindConnection, linktor.SentMaybe},
		"end too early":          {&url.Error{Op: "Get", Err: io.ErrUnexpectedEOF}, linktor.KindConnection, linktor.SentMaybe},
		"broken HTTP/2":          {errors.New("stream error: stream ID 1; INTERNAL_ERROR"), linktor.KindConnection, linktor.SentMaybe},
		"late":                   {late{errors.New("late")}, linktor.KindTimeout, linktor.SentMaybe},
		"late, joined":           {errors.Join(io.ErrNoProgress, late{errors.New("late")}), linktor.KindTimeout, linktor.SentMaybe},
		"late, errno":            {syscall.ETIMEDOUT, linktor.KindTimeout, linktor.SentMaybe},
		"a time of its own":      {context.DeadlineExceeded, linktor.KindTimeout, linktor.SentMaybe},
		"an end of its own":      {context.Canceled, linktor.KindCallback, linktor.SentMaybe},
		"a file that is missing": {&fs.PathError{Op: "open", Err: syscall.ENOENT}, linktor.KindCallback, linktor.SentMaybe},
		"an errno of a file":     {syscall.ENOSPC, linktor.KindCallback, linktor.SentMaybe},
		"a mock within a client": {&url.Error{Op: "Get", Err: errors.New("no responder")}, linktor.KindCallback, linktor.SentMaybe},
		"an odd one in a client": {&url.Error{Op: "Get", Err: oddError{}}, linktor.KindCallback, linktor.SentMaybe},
	} {
		attempts := 2
		if one.kind == linktor.KindCallback {
			attempts = 1
		}
		calls := 0
		_, err := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, one.err
		}), linktor.WithMaxRetries(1), linktor.WithMaxRetryWait(time.Millisecond)).Get(t.Context(), "/me")
		failure, _ := errors.AsType[*linktor.Error](err)
		if failure == nil || failure.Kind != one.kind || failure.Sent != one.sent || failure.Attempts != attempts || calls != attempts {
			t.Errorf("%s: %v, %d calls, %+v", name, err, calls, failure)
		}
		if len(failure.Unwrap()) != 1 || failure.Unwrap()[0] != one.err && name != "an odd one in a client" {
			t.Errorf("%s: %v", name, failure.Unwrap())
		}
	}
}

// listening accepts connections, and hands each to a function.
func listening(t testing.TB, serve func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				serve(connection)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestFailuresOfTheNetworkAreKnownByRealSockets(t *testing.T) {
	request := func(connection net.Conn) { _, _ = connection.Read(make([]byte, 4096)) }
	nobody := listening(t, nil)
	closed, _ := net.Listen("tcp", "127.0.0.1:0")
	refused := closed.Addr().String()
	_ = closed.Close()
	silent := listening(t, func(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) })
	half := listening(t, func(connection net.Conn) {
		request(connection)
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	})
	slow := listening(t, func(connection net.Conn) {
		request(connection)
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		_, _ = io.Copy(io.Discard, connection)
	})
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = silentLog
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	plain := httptest.NewServer(nil)
	t.Cleanup(plain.Close)
	aborting := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	aborting.EnableHTTP2 = true
	aborting.StartTLS()
	t.Cleanup(aborting.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	proxied := func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	tunnel := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("the tunnel is down") }
	late := &http.Transport{DialContext: (&net.Dialer{Deadline: time.Now()}).DialContext}
	const soon = 50 * time.Millisecond

	for name, one := range map[string]struct {
		url       string
		transport *http.Transport
		kind      linktor.Kind
		code      string
		sent      linktor.Sent
	}{
		"refused":           {"http://" + refused, nil, linktor.KindConnection, "", linktor.SentNo},
		"unknown name":      {"http://nobody.invalid", nil, linktor.KindConnection, "", linktor.SentNo},
		"late to connect":   {"http://" + nobody, late, linktor.KindTimeout, "", linktor.SentNo},
		"no dialer's own":   {"http://" + nobody, &http.Transport{DialContext: tunnel}, linktor.KindConnection, "", linktor.SentNo},
		"untrusted":         {untrusted.URL, &http.Transport{}, linktor.KindConnection, "", linktor.SentNo},
		"not TLS":           {strings.Replace(plain.URL, "http", "https", 1), nil, linktor.KindConnection, "", linktor.SentNo},
		"no end of the TLS": {"https://" + silent, &http.Transport{TLSHandshakeTimeout: soon}, linktor.KindTimeout, "", linktor.SentNo},
		"a proxy refuses":   {"https://api.example.com", &http.Transport{Proxy: proxied}, linktor.KindConnection, "", linktor.SentNo},
		"reset": {"http://" + listening(t, func(connection net.Conn) {
			request(connection)
			_ = connection.(*net.TCPConn).SetLinger(0)
		}), nil, linktor.KindConnection, "", linktor.SentMaybe},
		"closed":     {"http://" + listening(t, request), nil, linktor.KindConnection, "", linktor.SentMaybe},
		"aborted":    {aborting.URL, aborting.Client().Transport.(*http.Transport), linktor.KindConnection, "", linktor.SentMaybe},
		"no headers": {"http://" + silent, &http.Transport{ResponseHeaderTimeout: soon}, linktor.KindTimeout, "", linktor.SentMaybe},
		"no HTTP": {"http://" + listening(t, func(connection net.Conn) {
			request(connection)
			_, _ = io.WriteString(connection, "SSH-2.0-invented\r\n\r\n")
		}), nil, linktor.KindConnection, "", linktor.SentMaybe},
		"half a body": {"http://" + half, nil, linktor.KindProtocol, "truncated", linktor.SentYes},
		"half a chunk": {"http://" + listening(t, func(connection net.Conn) {
			request(connection)
			_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")
		}), nil, linktor.KindProtocol, "truncated", linktor.SentYes},
		"an endless body": {"http://" + slow, nil, linktor.KindTimeout, "", linktor.SentMaybe},
	} {
		if one.transport == nil {
			one.transport = http.DefaultTransport.(*http.Transport)
		}
		client := mocked(t, one.transport, linktor.WithBaseURL(one.url), linktor.WithAllowInsecureHTTP(),
			linktor.WithMaxRetryWait(time.Millisecond), linktor.WithTimeout(400*time.Millisecond))
		for method, attempts := range map[string]int{"GET": 2, "POST": 1} {
			if one.sent == linktor.SentNo {
				attempts = 2
			}
			_, err := client.Do(t.Context(), &linktor.Request{Method: method, Path: "/me", MaxRetries: new(1), Body: []byte("x")})
			failure, _ := errors.AsType[*linktor.Error](err)
			if failure == nil || failure.Kind != one.kind || failure.Code != one.code || failure.Sent != one.sent ||
				failure.Attempts != attempts {
				t.Errorf("%s, %s: %v %v", method, name, err, failure)
			}
		}
	}
}

func TestAReusedConnectionThatWasClosedIsAFailureOfTheNetwork(t *testing.T) {
	var served atomic.Int32
	address := listening(t, func(connection net.Conn) {
		for {
			buffer := make([]byte, 4096)
			if count, _ := connection.Read(buffer); count == 0 || served.Add(1) == 2 {
				return
			}
			_, _ = io.WriteString(connection, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	client := mocked(t, &http.Transport{}, linktor.WithBaseURL("http://"+address))
	mustPost := func() error {
		_, err := client.Post(t.Context(), "/contacts", linktor.JSON(object{}))
		return err
	}
	if err := mustPost(); err != nil {
		t.Fatal(err)
	}
	failure, _ := errors.AsType[*linktor.Error](mustPost())
	if failure == nil || failure.Kind != linktor.KindConnection || failure.Sent != linktor.SentMaybe || failure.Attempts != 1 {
		t.Errorf("%v", failure)
	}
}
