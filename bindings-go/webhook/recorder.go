package webhook

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// recorder sees with what status a handler answers. It flushes and hijacks where the writer
// can that it records, and says so where not, as an [http.ResponseController] does.
type recorder struct {
	http.ResponseWriter
	status int
}

// answered is the status that the sender gets.
func (r *recorder) answered() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	r.ResponseWriter.WriteHeader(status)
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		r.record(status)
	}
}

func (r *recorder) Write(part []byte) (int, error) {
	r.record(http.StatusOK)
	return r.ResponseWriter.Write(part)
}

// ReadFrom lets a file be sent as fast as it is without the recorder.
func (r *recorder) ReadFrom(source io.Reader) (int64, error) {
	r.record(http.StatusOK)
	return io.Copy(r.ResponseWriter, source)
}

func (r *recorder) Flush() { _ = r.FlushError() }

func (r *recorder) FlushError() error {
	err := http.NewResponseController(r.ResponseWriter).Flush()
	if err == nil {
		r.record(http.StatusOK)
	}
	return err
}

// Hijack leaves the answer to the handler: nobody else knows what it is, so it is no 2xx.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.record(http.StatusSwitchingProtocols)
	}
	return connection, buffered, err
}

// record keeps what was written first, which is what the sender gets.
func (r *recorder) record(status int) {
	if r.status == 0 {
		r.status = status
	}
}
