// Package linktor is the client of the Linktor APIs: linktor, linkit, libromi, api_v1, api_v2,
// and of others that a [Provider] describes.
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
//
// # Clients
//
// [New] takes an API key; [NewLinkit], [NewLibromiConnect] and [NewAPIClient] are the same for
// other families. [NewClient] takes any credential ([WithPassword], [WithOAuth], [WithJWT],
// [WithTokenSource] and others) and returns what is wrong with it. One client acts for many:
// [Client.WithOrganization] and [Client.WithCredentials] give handles that share its
// connections. Sessions begin and are renewed by themselves; [Client.Auth] is for those who
// want to know before, and [WithTokenStore] keeps them.
//
// # Calls
//
// [Client.Get] and its siblings take a path and [RequestOption] values, [Client.Do] a
// [Request]. [Response.Data] reads the payload under the family's envelope, and
// [Response.Decode] the body as sent. [Client.Paginate], [Client.Pages] and [Items] read lists.
//
// # Errors
//
// Every error is a [*Error]. [errors.Is] finds it by its kind ([ErrNotFound], [ErrRateLimited];
// [ErrAPI] for whatever the API answered), and [errors.AsType] gives all that is known of it:
// status, code, request id, attempts, and whether the server may have acted.
//
// # Retries and rate limits
//
// What may be sent twice is tried again: see [WithMaxRetries] and [IdempotencyKey]. What the
// server says of its limits is kept to: see [WithPacing], [WithLimits] and [Client.RateLimit].
//
// # Beside it
//
// [WithLogger] tells what the client does, and [WithRoundTripper] lets another transport send.
// Package webhook verifies deliveries, package jwt signs tokens, and package linktortest is a
// sandbox for tests. Nothing of these packages prints, or logs, a credential.
package linktor
