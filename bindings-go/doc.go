// Package linktor is the client of the Linktor APIs: linktor, linkit, libromi, api_v1 and
// api_v2.
//
//	client := linktor.New("YOUR_API_KEY")
//	response, err := client.Get(ctx, "/contacts", linktor.Query("page", 1))
//	if err != nil {
//		return err
//	}
//	var contacts []Contact
//	err = response.Data(&contacts)
//
// What a request looks like, how tokens are renewed and what an error means is decided by
// one core that the SDKs of all languages share. This package gives it Go's idiom.
//
// A [Client] is safe for concurrent use. A call that waits costs a goroutine, never a
// thread. Cancelling its context ends it at once.
package linktor
