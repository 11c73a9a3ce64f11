package linktor_test

import (
	"context"
	"fmt"
	"log"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

func ExampleClient_Paginate() {
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linkit)

	for product, err := range client.Paginate(context.Background(), "/products", linktor.Query("limit", 2)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(product))
	}
	// Output:
	// {"id":"prd_1","name":"Paracetamol 500 mg","price":2.5,"sku":"PCM-500"}
	// {"id":"prd_2","name":"Vitamin C 1 g","price":4.75,"sku":"VTC-1000"}
	// {"id":"prd_3","name":"Bandage 5 m","price":1.2,"sku":"BND-5"}
}

func ExampleItems() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linkit)

	type Product struct{ Name string }
	for product, err := range linktor.Items[Product](client.Pages(ctx, "/products", linktor.Query("limit", 2))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(product.Name)
	}
	// Output:
	// Paracetamol 500 mg
	// Vitamin C 1 g
	// Bandage 5 m
}

func ExampleClient_Pages() {
	sandbox := startSandbox()
	defer sandbox.Stop()
	client := sandbox.Client(linktortest.Linkit)

	for page, err := range client.Pages(context.Background(), "/products", linktor.Query("limit", 2)) {
		if err != nil {
			log.Fatal(err)
		}
		var products []struct{ Name string }
		if err := page.Items(&products); err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.StatusCode, len(products), "products, next page", page.Next())
	}
	// Output:
	// 200 2 products, next page 2
	// 200 1 products, next page 0
}
