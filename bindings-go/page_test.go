package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/linktor/linktor-go"
)

type named struct{ Name string }

// page is an answer of the linktor family.
func page(number int, hasNext bool, names ...string) object {
	items := []object{}
	for _, name := range names {
		items = append(items, object{"name": name})
	}
	return object{"json": object{"success": true, "data": items, "meta": object{"page": number, "has_next": hasNext}}}
}

func names(t *testing.T, items []json.RawMessage) []string {
	var names []string
	for _, item := range items {
		var one named
		if err := json.Unmarshal(item, &one); err != nil {
			t.Fatal(err)
		}
		names = append(names, one.Name)
	}
	return names
}

func TestItemsComeFromAllPages(t *testing.T) {
	reset(t, page(1, true, "a", "b"), page(2, false, "c"))
	var items []json.RawMessage
	for item, err := range newClient(t, withKey()).Paginate(t.Context(), "/contacts", linktor.Query("tag", "x")) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	if found := names(t, items); !slices.Equal(found, []string{"a", "b", "c"}) {
		t.Error(found)
	}
	if seen := journal(t); len(seen) != 2 || *seen[1].Query != "tag=x&page=2" {
		t.Errorf("%+v", seen)
	}
}

func TestAPageIsAskedForWhenItIsComeToAndNotBefore(t *testing.T) {
	reset(t, page(1, true, "a", "b"), page(2, true, "c"), page(3, false, "d"))
	list := linktor.Items[named](newClient(t, withKey()).Pages(t.Context(), "/contacts"))
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("before the loop: %+v", seen)
	}
	requests := map[string]int{}
	for item, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		if requests[item.Name] = len(journal(t)); item.Name == "c" {
			break
		}
	}
	if requests["a"] != 1 || requests["b"] != 1 || requests["c"] != 2 || len(journal(t)) != 2 {
		t.Errorf("%v, then %d", requests, len(journal(t)))
	}

	reset(t, page(1, false, "again"))
	for item, err := range list {
		if err != nil || item.Name != "again" {
			t.Errorf("%v, %v", item, err)
		}
	}
}

func TestPagesHaveTheirAnswers(t *testing.T) {
	reset(t, page(1, true, "a", "b"), object{"json": object{"success": true, "data": nil}})
	var nexts []uint64
	for page, err := range newClient(t, withKey()).Pages(t.Context(), "/contacts") {
		if err != nil {
			t.Fatal(err)
		}
		items := []named{{"before"}}
		if err := page.Items(&items); err != nil || page.StatusCode != 200 || page.RequestID == "" {
			t.Errorf("%v: %v", page, err)
		}
		if len(items) != map[bool]int{true: 2, false: 0}[page.Next() != 0] {
			t.Errorf("%v", items)
		}
		nexts = append(nexts, page.Next())
	}
	if !slices.Equal(nexts, []uint64{2, 0}) {
		t.Error(nexts)
	}
}

func TestAnErrorEndsTheList(t *testing.T) {
	reset(t, page(1, true, "a"), object{"status": 403, "json": object{}}, page(3, false, "never"))
	var found []string
	var failures []error
	for item, err := range linktor.Items[named](newClient(t, withKey()).Pages(t.Context(), "/contacts")) {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		found = append(found, item.Name)
	}
	if !slices.Equal(found, []string{"a"}) || len(failures) != 1 || !errors.Is(failures[0], linktor.ErrPermission) {
		t.Errorf("%v, %v", found, failures)
	}
}

func TestItemsOfAnotherTypeAreADecodeError(t *testing.T) {
	reset(t, page(1, true, "a"))
	for item, err := range linktor.Items[int](newClient(t, withKey()).Pages(t.Context(), "/contacts")) {
		if !errors.Is(err, linktor.ErrDecode) {
			t.Errorf("%v, %v", item, err)
		}
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			t.Errorf("json's own error is not wrapped: %v", err)
		}
	}
}

func TestCancellingEndsAListInTheMiddle(t *testing.T) {
	slow := page(2, false, "b")
	slow["delay_ms"] = 10000
	reset(t, page(1, true, "a"), slow)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var found []string
	var failure error
	for item, err := range newClient(t, withKey()).Paginate(ctx, "/contacts") {
		if err != nil {
			failure = err
			break
		}
		found = append(found, names(t, []json.RawMessage{item})...)
		go func() {
			eventually(t, "the second request arrives", func() bool { return len(journal(t)) == 2 })
			cancel()
		}()
	}
	if !slices.Equal(found, []string{"a"}) || !errors.Is(failure, context.Canceled) {
		t.Errorf("%v, %v", found, failure)
	}
	eventually(t, "the server sees it aborted", func() bool { return journal(t)[1].Aborted })
}

func TestAListTakesNothingThatIsOfOneRequest(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	for name, option := range map[string]linktor.RequestOption{
		"request id":      linktor.RequestID("request-1"),
		"idempotency key": linktor.IdempotencyKey("key-1"),
		"JSON":            linktor.JSON(nil),
		"form":            linktor.Form(nil),
		"body":            linktor.Body([]byte("a"), ""),
		"content type":    linktor.Body(nil, "text/plain"),
	} {
		var failures []error
		for _, err := range client.Paginate(t.Context(), "/contacts", option) {
			failures = append(failures, err)
		}
		if len(failures) != 1 || !errors.Is(failures[0], linktor.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, failures)
		}
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestABadOptionIsTheListsError(t *testing.T) {
	reset(t)
	for _, err := range newClient(t, withKey()).Paginate(t.Context(), "/contacts", linktor.Query("a", struct{}{})) {
		if !errors.Is(err, linktor.ErrInvalidRequest) {
			t.Error(err)
		}
	}
	for _, err := range linktor.New("").Paginate(t.Context(), "/contacts") {
		if !errors.Is(err, linktor.ErrConfig) {
			t.Error(err)
		}
	}
}
