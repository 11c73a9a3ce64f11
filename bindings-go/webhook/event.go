package webhook

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Event is an event that a sender delivered, and that was verified. What the sender does not
// say is zero. It prints, logs and is written as JSON with its id and type alone.
type Event struct {
	// ID is the event's id, the same in every redelivery. It is the sender's word only where
	// it is in the body or signed besides: see [XHubSignature256].
	ID string
	// Type is the event's type, one of those below or any other.
	Type EventType
	// Timestamp is when it happened, to a microsecond and in UTC. It is zero too where the
	// sender writes something that is no time.
	Timestamp time.Time
	// Organization is the organization or tenant that it belongs to.
	Organization string
	// Body is a copy of the body as it came, which [Event.Data] reads.
	Body []byte

	isJSON bool
	data   []byte // nil if there is none
}

// newEvent keeps the body.
func newEvent(event ffi.Event, body []byte) (*Event, error) {
	e := &Event{
		ID: event.ID, Type: EventType(event.Type), Timestamp: event.Timestamp, Organization: event.Organization,
		Body: body, isJSON: !event.Data.NotJSON,
	}
	if span := event.Data.Span; e.isJSON && !event.Data.Nothing {
		if span.Start < 0 || span.Start > span.End || span.End > len(e.Body) {
			return nil, failure.New("internal", "a defect of the SDK: an event's data is outside of its body", nil)
		}
		e.data = e.Body[span.Start:span.End]
	}
	return e, nil
}

// Data reads the event's data into v, a pointer as for [json.Unmarshal]. No data, or a null,
// does not change v. A body that is not JSON, and data that are not those of a v, are errors
// of the kind decode, which wrap json's own.
func (e *Event) Data(v any) error {
	switch {
	case e == nil || !e.isJSON:
		return failure.New("decode", "the event's body is not JSON", nil)
	case e.data == nil:
		return nil
	}
	if err := json.Unmarshal(e.data, v); err != nil {
		return failure.New("decode", "the event's data is not the JSON that was expected", err)
	}
	return nil
}

// String shows the id and the type, and no data.
func (e Event) String() string {
	return fmt.Sprintf("webhook.Event(id %q, type %q)", e.ID, string(e.Type))
}

// GoString is [Event.String].
func (e Event) GoString() string { return e.String() }

// Format writes [Event.String], whatever the verb.
func (e Event) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// MarshalJSON gives the id and the type, and no data: logs are written as JSON, too.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID   string    `json:"id"`
		Type EventType `json:"type"`
	}{e.ID, e.Type})
}

// LogValue is [Event.String]: the data is not for logs.
func (e *Event) LogValue() slog.Value {
	if e == nil {
		return slog.AnyValue(nil)
	}
	return slog.StringValue(e.String())
}
