// Own_transport has transports of one's own: one that records what is answered, and one that
// plays it again without a server. Run: go run ./own_transport
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

// answer is a call and what came back; the credential is in the request's header, and not here.
type answer struct {
	call   string
	status int
	header http.Header
	body   []byte
}

// recorder sends by the next transport, and keeps what comes back.
type recorder struct {
	next http.RoundTripper
	tape []answer
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	r.tape = append(r.tape, answer{callOf(request), response.StatusCode, response.Header, body})
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

var errOtherCall = errors.New("another call was recorded")

// player gives back what was recorded, in turn.
type player struct{ tape []answer }

func (p *player) RoundTrip(request *http.Request) (*http.Response, error) {
	if len(p.tape) == 0 || p.tape[0].call != callOf(request) {
		return nil, errOtherCall
	}
	played := p.tape[0]
	p.tape = p.tape[1:]
	return &http.Response{
		StatusCode: played.status, Header: played.header, Body: io.NopCloser(bytes.NewReader(played.body)), Request: request,
	}, nil
}

func callOf(request *http.Request) string { return request.Method + " " + request.URL.Path }

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		return err
	}
	defer sandbox.Stop()
	busy := linktortest.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After-Ms": {"10"}}}
	if err := sandbox.Script(ctx, busy); err != nil {
		return err
	}

	recording := &recorder{next: http.DefaultTransport}
	live, err := sandbox.Client(linktortest.Linktor, linktor.WithRoundTripper(recording)).Get(ctx, "/me")
	if err != nil {
		return err
	}
	for _, answer := range recording.tape {
		fmt.Println("recorded:", answer.call, answer.status)
	}
	baseURL := sandbox.BaseURL(linktortest.Linktor)
	sandbox.Stop()

	// The sandbox is gone; retries, envelopes and errors are still the client's.
	client := linktor.New("lk_invented", linktor.WithBaseURL(baseURL), linktor.WithRoundTripper(&player{recording.tape}))
	played, err := client.Get(ctx, "/me")
	if err != nil {
		return err
	}
	fmt.Printf("played: %d after %d attempts, as it was %d then\n", played.StatusCode, played.Attempts, live.Attempts)
	if played.Attempts != 2 || !bytes.Equal(played.Body, live.Body) {
		return errors.New("what was played is not what was recorded")
	}

	_, err = client.Get(ctx, "/contacts")
	if !errors.Is(err, linktor.ErrCallback) || !errors.Is(err, errOtherCall) {
		return fmt.Errorf("the tape had more: %w", err)
	}
	fmt.Println(err)
	return nil
}
