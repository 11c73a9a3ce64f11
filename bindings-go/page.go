package linktor

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"

	"github.com/linktor/linktor-go/internal/ffi"
)

// Page is one page of a list: its items, and the answer that brought them.
type Page struct {
	*Response
	items *ffi.Span
	next  uint64
}

// Paginate reads a list: all items of all its pages, each page asked for when its items are
// come to, and none after the loop is left.
//
//	for item, err := range client.Paginate(ctx, "/contacts", linktor.Query("page_size", 100)) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// An error ends the list, after the items before it. The first page is the one that the
// query names, else the first; a size beyond the family's largest is cut down to it. The
// options go with every page's request, so that a body, a [RequestID] or an [IdempotencyKey]
// is an error of the kind invalid_request; ctx counts for all of them. Each range over the
// list reads it anew. [Items] reads items of a type of your own.
func (c *Client) Paginate(ctx context.Context, path string, options ...RequestOption) iter.Seq2[json.RawMessage, error] {
	return Items[json.RawMessage](c.Pages(ctx, path, options...))
}

// Pages reads a list page by page: see [Client.Paginate].
func (c *Client) Pages(ctx context.Context, path string, options ...RequestOption) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		page := &Page{}
		for more := true; more; more = page.next != 0 {
			call := pageCall(path, page.next, options)
			err := c.exchange(ctx, call, func(item *ffi.Item) {
				page = &Page{newResponse(c, item), item.Items, item.NextPage}
			})
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

func pageCall(path string, number uint64, options []RequestOption) *call {
	call := newCall(http.MethodGet, path, options)
	hasBody := call.body != nil || call.options.ContentType != nil
	if hasBody || call.options.RequestID != nil || call.options.IdempotencyKey != nil {
		call.refuse("a list takes no body, request id or idempotency key: each page is a request of its own")
	}
	call.options.Page = &number
	return call
}

// Items gives the items of pages as values of type T. Items that are no T are an error of
// the kind decode, which ends the list.
//
//	for contact, err := range linktor.Items[Contact](client.Pages(ctx, "/contacts")) { … }
func Items[T any](pages iter.Seq2[*Page, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for page, err := range pages {
			var items []T
			if err == nil {
				err = page.Items(&items)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// Items reads the page's items into v, a pointer to a slice. Items that do not fit are an
// error of the kind decode that wraps json's own.
func (p *Page) Items(v any) error {
	if p.items == nil {
		return p.decode([]byte("[]"), v)
	}
	return p.decodeSpan(*p.items, v)
}

// Next is the number of the next page, 0 if this is the last: a later [Client.Pages] whose
// query names it goes on there.
func (p *Page) Next() uint64 { return p.next }
