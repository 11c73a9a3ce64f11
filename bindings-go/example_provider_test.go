package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

func ExampleWithCustomProvider() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	err := sandbox.Script(ctx, linktortest.Answer{JSON: map[string]any{"parcels": []string{"P-1", "P-2"}, "more": false}})
	if err != nil {
		log.Fatal(err)
	}

	parcels := &linktor.Provider{
		Name:        "parcels",
		BaseURL:     sandbox.BaseURL(linktortest.Linktor), // the sandbox answers for it
		Credentials: []linktor.CredentialKind{linktor.CredentialAPIKey},
		Headers:     linktor.ProviderHeaders{APIKey: linktor.AuthSchemeRaw},
		Paging:      linktor.ProviderPaging{SizeParameter: "limit", Items: []string{"/parcels"}, HasNext: []string{"/more"}},
	}
	client, err := linktor.NewClient(linktor.WithCustomProvider(parcels), linktor.WithAPIKey("invented"))
	if err != nil {
		log.Fatal(err)
	}
	for parcel, err := range linktor.Items[string](client.Pages(ctx, "/parcels")) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(parcel)
	}
	// Output:
	// P-1
	// P-2
}

func ExampleNamedProvider() {
	provider, err := linktor.NamedProvider("api_v1")
	if err != nil {
		log.Fatal(err)
	}
	provider.Name = "mine"
	provider.BaseURL = "https://api.example.org/v1"
	provider.Paging.MaxSize = 50

	client := linktor.New("YOUR_API_KEY", linktor.WithCustomProvider(provider))
	fmt.Println(client, provider.Paging.Total)
	// Output: linktor.Client(mine) [/pagination/total]
}

func ExampleProvider() {
	var provider linktor.Provider
	err := json.Unmarshal([]byte(`{
		"name": "parcels",
		"base_url": "https://api.parcels.example/v3",
		"credentials": ["api_key"],
		"paging": {"max_siz": 50}
	}`), &provider)
	fmt.Println(errors.Is(err, linktor.ErrConfig), strings.Contains(err.Error(), "paging.max_siz: unknown field"))
	// Output: true true
}
