package linktor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/webhook"
)

type vectorFile struct {
	Rule  string
	Cases []vectorCase
}

type vectorCase struct {
	Name            string
	Client          object
	TokenSource     []any  `json:"token_source"`
	TokenStore      object `json:"token_store_own"`
	Transport       []any  `json:"transport_own"`
	Receiver        object
	Deduplicator    object
	OwnDeduplicator object `json:"deduplicator_own"`
	Script          []json.RawMessage
	Calls           []object
	Expect          *struct{ Error object }
	Journal         []object
}

func TestWireVectors(t *testing.T) {
	outcomes := outcomes{}
	t.Cleanup(func() { outcomes.write(t) })
	for name, one := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			seen := &witness{TB: t}
			t.Cleanup(func() { outcomes.add(name, seen) })
			defer seen.survive()
			runCase(seen, one)
		})
	}
}

// vectors gives all cases, by their names.
func vectors(t *testing.T) iter.Seq2[string, vectorCase] {
	files, err := filepath.Glob("../tests/vectors/wire/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	return func(yield func(string, vectorCase) bool) {
		for _, path := range files {
			var file vectorFile
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.UseNumber()
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&file); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			for _, one := range file.Cases {
				if !yield(strings.TrimSuffix(filepath.Base(path), ".json")+"/"+one.Name, one) {
					return
				}
			}
		}
	}
}

// vectorRun is a case under way.
type vectorRun struct {
	testing.TB
	one      vectorCase
	provider string
	client   *linktor.Client
	// own are options besides those of the case.
	own []linktor.Option
	// consent is what the last authorize_url gave.
	consent *linktor.AuthorizationRequest
	// store outlives the client.
	store *ownStore
	// inbox is made at its first use.
	inbox *inbox
	// deduplicator is made at its first use.
	deduplicator *webhook.MemoryDeduplicator
	// placeholders grow with the steps.
	placeholders map[string]string
}

func runCase(t testing.TB, one vectorCase, own ...linktor.Option) {
	provider, _ := one.Client["provider"].(string)
	if provider == "" {
		provider = "linktor"
	}
	script := make([]any, len(one.Script))
	for i, answer := range one.Script {
		script[i] = answer
	}
	reset(t, script...)

	run := &vectorRun{TB: t, one: one, provider: provider, own: own, placeholders: map[string]string{
		"$sandbox": sandbox.URL, "$language": "go", "$version": version(), "$folder": t.TempDir(),
	}}
	for name, credential := range sandbox.Credentials[provider] {
		run.placeholders["$"+name] = credential
	}
	err := run.start()
	if one.Expect != nil {
		if err == nil {
			t.Fatal("the client could be made")
		}
		compareError(t, "client", err, run.filled(one.Expect.Error).(object))
		return
	}
	if err != nil {
		t.Fatalf("the client cannot be made: %v", err)
	}
	for i, step := range one.Calls {
		run.step(fmt.Sprintf("step %d", i+1), run.filled(step).(object))
	}
	if one.Journal != nil {
		run.compareJournal(one.Journal)
	}
}

// start makes the client, or another one of the same options.
func (r *vectorRun) start() error {
	if r.client != nil {
		r.client.Close()
	}
	options := append(r.clientOptions(), r.own...)
	var transport *ownTransport
	if r.one.Transport != nil {
		transport = &ownTransport{results: r.filled(r.one.Transport).([]any)}
		options = append(options, linktor.WithRoundTripper(transport))
	}
	client, err := linktor.NewClient(options...)
	if err == nil {
		if transport != nil {
			transport.client = client
		}
		r.client = client
		r.Cleanup(client.Close)
	}
	return err
}

var isPlaceholder = regexp.MustCompile(`\$[a-z_]+`)

// filled replaces the placeholders in all texts.
func (r *vectorRun) filled(value any) any {
	switch value := value.(type) {
	case string:
		return isPlaceholder.ReplaceAllStringFunc(value, func(name string) string {
			if known, ok := r.placeholders[name]; ok {
				return known
			}
			return name
		})
	case []any:
		filled := make([]any, len(value))
		for i, one := range value {
			filled[i] = r.filled(one)
		}
		return filled
	case object:
		filled := object{}
		for name, one := range value {
			filled[name] = r.filled(one)
		}
		return filled
	default:
		return value
	}
}

var isVersion = regexp.MustCompile(`(?m)^version = "(.*)"$`)

func version() string {
	manifest, err := os.ReadFile("../Cargo.toml")
	if err != nil {
		return ""
	}
	return string(isVersion.FindSubmatch(manifest)[1])
}
