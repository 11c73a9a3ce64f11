// Own_provider is a sixth API: described once as data, and spoken to like the built-in ones. The
// API itself, a parcel service, is invented: the sandbox answers as it would.
// Run: go run ./own_provider
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"slices"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

var parcels = &linktor.Provider{
	Name:        "parcels",
	Credentials: []linktor.CredentialKind{linktor.CredentialAPIKey, linktor.CredentialPassword},
	Headers:     linktor.ProviderHeaders{APIKey: linktor.AuthSchemeRaw, Organization: "x-depot", RequestID: "x-trace"},
	Auth: linktor.ProviderAuth{
		Login: "/login",
		Test:  &linktor.ProviderTest{Path: "/whoami"},
		Grant: linktor.ProviderGrant{
			AccessToken:  []string{"/session/token"},
			ExpiresIn:    []string{"/session/seconds"},
			Organization: []string{"/depot"},
			User:         []string{"/clerk"},
		},
	},
	Refreshable: linktor.ProviderRefreshable{Codes: []string{"SESSION_OVER"}},
	Envelope:    linktor.ProviderEnvelope{Keys: []string{"data", "more"}, ListKeys: []string{"more"}},
	Paging:      linktor.ProviderPaging{PageParameter: "p", SizeParameter: "n", MaxSize: 50, HasNext: []string{"/more"}},
	Errors:      linktor.ProviderErrors{Code: []string{"/fault"}, Message: []string{"/reason"}},
}

type object = map[string]any

var login = linktortest.Answer{JSON: object{
	"session": object{"token": "parcel-token", "seconds": 600}, "depot": "north", "clerk": object{"email": "clerk@example.com"},
}}

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
	client, err := linktor.NewClient(linktor.WithCustomProvider(parcels), linktor.WithBaseURL(sandbox.BaseURL(linktortest.Linktor)),
		linktor.WithPassword("clerk@example.com", "invented"))
	if err != nil {
		return err
	}

	if err := sandbox.Script(ctx, login, linktortest.Answer{JSON: object{"name": "Clerk"}}); err != nil {
		return err
	}
	test, err := client.Auth().Test(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("valid: %t, %s\n", test.Valid, test.Data)
	fmt.Println("depot:", client.Auth().Session().Organization)

	err = sandbox.Script(ctx,
		linktortest.Answer{JSON: object{"data": []string{"P-1", "P-2"}, "more": true}},
		// The session ends between two pages.
		linktortest.Answer{Status: http.StatusUnauthorized, JSON: object{"fault": "SESSION_OVER", "reason": "log in again"}},
		login,
		linktortest.Answer{JSON: object{"data": []string{"P-3"}, "more": false}},
		linktortest.Answer{Status: http.StatusNotFound, JSON: object{"fault": "NO_SUCH_PARCEL", "reason": "it is lost"}})
	if err != nil {
		return err
	}
	var found []string
	for parcel, err := range linktor.Items[string](client.Pages(ctx, "/parcels", linktor.Query("n", 2))) {
		if err != nil {
			return err
		}
		found = append(found, parcel)
	}
	fmt.Println("parcels", found)
	if !slices.Equal(found, []string{"P-1", "P-2", "P-3"}) {
		return errors.New("these are not all of them")
	}

	_, err = client.Get(ctx, "/lost")
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Code != "NO_SUCH_PARCEL" {
		return fmt.Errorf("nothing is lost: %w", err)
	}
	fmt.Printf("%s, code %s: %s\n", failure.Kind, failure.Code, failure.Message)
	return nil
}
