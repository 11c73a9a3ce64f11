//go:build linktor_count

package ffi

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
	"time"
)

// balance checks that calls give back all buffers that they got, and which of them were made.
type balance struct {
	*testing.T
	succeeded, failed map[string]bool
}

// good checks a call that succeeds, bad one that fails.
func (b balance) good(name string, call func() error) {
	b.Helper()
	if err := b.measured(name, call); err != nil {
		b.Errorf("%s: %v", name, err)
	}
	b.succeeded[name] = true
}

func (b balance) bad(name string, call func() error) {
	b.Helper()
	if err := b.measured(name, call); err == nil {
		b.Errorf("%s does not fail", name)
	}
	b.failed[name] = true
}

func (b balance) measured(name string, call func() error) error {
	b.Helper()
	before := Buffers()
	err := call()
	if after := Buffers(); after != before {
		b.Errorf("%s keeps %d buffers", name, after-before)
	}
	return err
}

// isWoken says that the descriptor was asked for, so that nobody who waits is told.
var isWoken bool

// next waits for something to come up.
func (b balance) next(kind Kind) Item {
	b.Helper()
	for start := time.Now(); time.Since(start) < 5*time.Second; {
		var items []Item
		b.good("Wait", func() error {
			if isWoken {
				time.Sleep(time.Millisecond)
				return nil
			}
			return Wait()
		})
		b.good("Drain", func() (err error) { items, err = Drain(); return err })
		for _, item := range items {
			if item.Kind == kind {
				return item
			}
		}
	}
	b.Fatalf("nothing of the kind %d came up", kind)
	return Item{}
}

// calling gives the functions of this package that call the library.
func calling(t *testing.T) map[string]bool {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") || file.Name() == "count.go" {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file.Name(), text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !function.Name.IsExported() {
				continue
			}
			body := text[set.Position(function.Pos()).Offset:set.Position(function.End()).Offset]
			if !bytes.Contains(body, []byte("C.linktor_")) {
				continue
			}
			name := function.Name.Name
			if function.Recv != nil {
				name = function.Recv.List[0].Type.(*ast.Ident).Name + "." + name
			}
			names[name] = true
		}
	}
	return names
}

func TestEveryFunctionGivesBackWhatItGets(t *testing.T) {
	b := balance{t, map[string]bool{}, map[string]bool{}}
	start := Buffers()
	b.texts()
	b.clients()
	b.calls()
	b.questions()
	b.webhooks()
	isWoken = true
	b.good("WakeFD", func() error { _, err := WakeFD(); return err })
	if left := Buffers(); left != start {
		t.Errorf("%d buffers are left", left-start)
	}
	// These have no way to fail, short of a defect.
	infallible := map[string]bool{
		"Wait": true, "Drain": true, "WakeFD": true, "IDs": true, "Answer": true, "AnswerResponse": true, "Fail": true,
		"Forgotten": true, "Refusal": true, "IsHandled": true, "Client.ID": true, "Client.Log": true, "Client.Session": true,
		"Client.Invalidate": true, "Client.Cancel": true, "Client.Close": true, "Client.Free": true, "Verifier.Facts": true,
		"Verifier.Free": true, "Deduplicator.Free": true,
	}
	for name := range calling(t) {
		if !b.succeeded[name] || !b.failed[name] && !infallible[name] {
			t.Errorf("%s: it was seen to succeed: %v, and to fail: %v", name, b.succeeded[name], b.failed[name])
		}
	}
}

func (b balance) texts() {
	text := func(function func(string) (string, error), argument string) func() error {
		return func() error { _, err := function(argument); return err }
	}
	b.good("Provider", text(Provider, `"linkit"`))
	b.bad("Provider", text(Provider, `"parcels"`))
	var token string
	b.good("SignJWT", func() (err error) {
		token, err = SignJWT(`{"claims":{"sub":"user-1"},"secret":"invented"}`)
		return err
	})
	b.bad("SignJWT", text(SignJWT, `{"claims":[],"secret":"invented"}`))
	b.good("VerifyJWT", text(VerifyJWT, `{"token":"`+token+`","secret":"invented"}`))
	b.bad("VerifyJWT", text(VerifyJWT, `{"token":"`+token+`","secret":"another"}`))
	b.bad("VerifyJWT", text(VerifyJWT, "\xff"))
}

// client makes a client of nothing that answers.
func (b balance) client(options string) Client {
	b.Helper()
	var client Client
	b.good("NewClient", func() (err error) {
		client, err = NewClient(`{"base_url":"http://127.0.0.1:9","timeout":1,"max_retries":0` + options + `}`)
		return err
	})
	return client
}

func (b balance) free(clients ...Client) {
	b.Helper()
	for _, client := range clients {
		b.good("Client.Free", func() error { client.Free(); return nil })
	}
}

func (b balance) clients() {
	b.bad("NewClient", func() error { _, err := NewClient(`{"nonsense":1}`); return err })
	b.bad("NewClient", func() error { _, err := NewClient("\xff"); return err })
	client := b.client(`,"api_key":"key-1"`)
	var organization, credentials Client
	b.good("Client.WithOrganization", func() (err error) { organization, err = client.WithOrganization("org_1"); return err })
	b.bad("Client.WithOrganization", func() error { _, err := client.WithOrganization(""); return err })
	b.good("Client.WithCredentials", func() (err error) {
		credentials, err = client.WithCredentials(`{"api_key":"key-2"}`)
		return err
	})
	b.bad("Client.WithCredentials", func() error { _, err := client.WithCredentials(`{}`); return err })
	b.good("Client.ID", func() error { _, err := client.ID(); return err })
	b.good("Client.Log", func() error { return client.Log(true) })
	b.good("Client.Log", func() error { return client.Log(false) })
	b.good("Client.Session", func() error { _, err := client.Session(); return err })
	b.good("Client.Invalidate", client.Invalidate)
	b.good("Client.RateLimit", func() error { _, err := client.RateLimit(nil); return err })
	b.good("Client.RateLimit", func() error { _, err := client.RateLimit(new("messages")); return err })
	b.bad("Client.RateLimit", func() error { _, err := client.RateLimit(new("massages")); return err })
	b.bad("Client.RateLimit", func() error { _, err := client.RateLimit(new("\xff")); return err })
	for _, body := range []string{`{"success":true,"data":{"a":1}}`, `{"success":true,"data":null}`, ``} {
		b.good("Client.Payload", func() error { _, err := client.Payload(200, []byte(body)); return err })
	}
	b.bad("Client.Payload", func() error {
		_, err := client.Payload(200, []byte(`{"success":false,"error":{"message":"no"}}`))
		return err
	})
	consent := b.client(`,"provider":"api_v2","auth_url":"https://auth.example.com",` +
		`"oauth":{"client_id":"client-1","client_secret":"invented"}`)
	b.good("Client.AuthorizeURL", func() error {
		_, err := consent.AuthorizeURL([]string{"read:users"}, "https://app.example.com/")
		return err
	})
	b.bad("Client.AuthorizeURL", func() error { _, err := consent.AuthorizeURL([]string{""}, "https://app.example.com/"); return err })
	b.bad("Client.AuthorizeURL", func() error { _, err := client.AuthorizeURL(nil, "https://app.example.com/"); return err })
	b.good("Client.Close", client.Close)
	b.good("Client.Close", client.Close)
	b.free(organization, credentials, client, consent)
}

// id gives one for a call.
func (b balance) id() uint64 {
	b.Helper()
	var id uint64
	b.good("IDs", func() (err error) { id, err = IDs(1); return err })
	return id
}

func (b balance) calls() {
	client := b.client(`,"email":"ada@example.com","password":"invented"`)
	b.bad("Client.Submit", func() error { return client.Submit(b.id(), "GET", "/me", "{", nil) })
	b.bad("Client.Submit", func() error { return client.Submit(b.id(), "GET", "/\xff", "", nil) })
	b.bad("Client.Call", func() error { _, err := client.Call(b.id(), "GET", "/me", "{", nil); return err })
	b.bad("Client.SubmitAuth", func() error { return client.SubmitAuth(b.id(), `{"call":"dance"}`) })
	b.good("Client.Submit", func() error { return client.Submit(b.id(), "POST", "/me", "", make([]byte, 1<<20)) })
	b.next(Failed)
	b.good("Client.SubmitAuth", func() error { return client.SubmitAuth(b.id(), `{"call":"login"}`) })
	b.next(Failed)
	id := b.id()
	b.good("Client.Submit", func() error { return client.Submit(id, "GET", "/me", "", nil) })
	b.good("Client.Cancel", func() error { return client.Cancel(id) })
	b.good("Client.Cancel", func() error { return client.Cancel(id) })
	b.next(Failed)
	var item *Item
	b.good("Client.Call", func() (err error) { item, err = client.Call(b.id(), "GET", "/me", "", nil); return err })
	if item == nil {
		b.next(Failed)
	}
	b.free(client)
}

func (b balance) questions() {
	client := b.client(`,"token_source":true,"transport":true`)
	ask := func(kind Kind) Item {
		b.good("Client.Submit", func() error { return client.Submit(b.id(), "GET", "/me", "", nil) })
		return b.next(kind)
	}
	// Without a token, and with one.
	failed := ask(TokenWanted).ID
	b.good("Fail", func() error { return Fail(failed, "", "the vault is sealed") })
	b.next(Failed)
	b.good("Forgotten", func() error { _, err := Forgotten([]uint64{failed}); return err })
	b.good("Forgotten", func() error { _, err := Forgotten(nil); return err })
	time.Sleep(1100 * time.Millisecond)
	wanted := ask(TokenWanted).ID
	b.good("Answer", func() error { return Answer(wanted, `{"token":"token-1"}`) })
	b.good("Answer", func() error { return Answer(wanted, `{"token":"token-1"}`) })
	b.good("Answer", func() error { return Answer(wanted, "\xff") })
	sending := b.next(SendWanted).ID
	header := Pack(Pack(nil, "X-Team"), "blue")
	b.good("AnswerResponse", func() error { return AnswerResponse(sending, 200, header, make([]byte, 1<<20)) })
	b.good("AnswerResponse", func() error { return AnswerResponse(sending, 200, header[:3], nil) })
	b.next(Response)
	for _, body := range []string{"{}", "\xff\xfe"} {
		id := ask(SendWanted).ID
		b.good("AnswerResponse", func() error { return AnswerResponse(id, 200, nil, []byte(body)) })
		b.next(Response)
	}
	reset := ask(SendWanted).ID
	b.good("Fail", func() error { return Fail(reset, "interrupted", "the network is gone") })
	b.next(Failed)
	ask(SendWanted)
	b.good("Client.Close", client.Close)
	b.next(Abandoned)
	b.free(client)
}

func (b balance) webhooks() {
	body, header := []byte(`{"id":"evt_1","data":{}}`), []byte(nil)
	b.good("SignWebhook", func() error {
		pairs, err := SignWebhook(`{"scheme":"linktor"}`, body, "invented")
		for _, pair := range pairs {
			header = Pack(Pack(header, pair[0]), pair[1])
		}
		return err
	})
	b.bad("SignWebhook", func() error { _, err := SignWebhook(`{"scheme":"acme"}`, body, "invented"); return err })
	b.bad("NewVerifier", func() error { _, err := NewVerifier(`{"scheme":"acme"}`, "invented"); return err })
	var verifier Verifier
	b.good("NewVerifier", func() (err error) {
		verifier, err = NewVerifier(`{"scheme":"linktor"}`, "another", "invented")
		return err
	})
	b.good("Verifier.Facts", func() error { _, err := verifier.Facts(); return err })
	b.good("Verifier.Admit", func() error { return verifier.Admit("POST", header) })
	b.bad("Verifier.Admit", func() error { return verifier.Admit("GET", header) })
	b.good("Verifier.Verify", func() error { _, err := verifier.Verify(body, header); return err })
	b.bad("Verifier.Verify", func() error { _, err := verifier.Verify(body[1:], header); return err })
	b.good("Verifier.Receive", func() error { _, err := verifier.Receive(body, header); return err })
	b.bad("Verifier.Receive", func() error { _, err := verifier.Receive(body, header[1:]); return err })
	b.good("Verifier.VerifySignature", func() error { return verifier.VerifySignature(body, header) })
	b.bad("Verifier.VerifySignature", func() error { return verifier.VerifySignature(body, nil) })
	b.good("Verifier.Free", func() error { verifier.Free(); return nil })

	b.good("AnswerTo", func() error { _, err := AnswerTo("in_progress"); return err })
	b.bad("AnswerTo", func() error { _, err := AnswerTo("\xff"); return err })
	b.good("Refusal", func() error { _, err := Refusal(nil); return err })
	b.good("Refusal", func() error { _, err := Refusal(new("signature_mismatch")); return err })
	b.good("IsHandled", func() error { _, err := IsHandled(200); return err })

	b.bad("NewDeduplicator", func() error { _, err := NewDeduplicator(new(int64(0))); return err })
	b.good("NewDeduplicator", func() error {
		deduplicator, err := NewDeduplicator(nil)
		deduplicator.Free()
		return err
	})
	deduplicator, err := NewDeduplicator(new(int64(10)))
	if err != nil {
		b.Fatal(err)
	}
	b.good("Deduplicator.Begin", func() error { _, err := deduplicator.Begin("evt_1"); return err })
	b.bad("Deduplicator.Begin", func() error { _, err := deduplicator.Begin(""); return err })
	b.good("Deduplicator.Commit", func() error { return deduplicator.Commit("evt_1") })
	b.bad("Deduplicator.Commit", func() error { return deduplicator.Commit("\xff") })
	b.good("Deduplicator.Release", func() error { return deduplicator.Release("evt_1") })
	b.bad("Deduplicator.Release", func() error { return deduplicator.Release("") })
	b.good("Deduplicator.Free", func() error { deduplicator.Free(); return nil })
}
