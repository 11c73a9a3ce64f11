package jwt_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/jwt"
)

func ExampleSign() {
	token, err := jwt.Sign(map[string]any{"sub": "user-1", "role": "admin"}, "invented-secret",
		jwt.Issuer("api.example.com"), jwt.ExpiresIn(5*time.Minute))
	if err != nil {
		log.Fatal(err)
	}

	var claims struct {
		Subject string `json:"sub"`
		Issuer  string `json:"iss"`
		Role    string `json:"role"`
	}
	err = jwt.Verify(token, "invented-secret", &claims, jwt.Issuer("api.example.com"), jwt.Leeway(time.Minute))
	fmt.Println(claims.Subject, claims.Issuer, claims.Role, err)
	// Output: user-1 api.example.com admin <nil>
}

func ExampleVerify() {
	token, err := jwt.Sign(map[string]any{"sub": "user-1"}, "invented-secret")
	if err != nil {
		log.Fatal(err)
	}

	var claims map[string]any
	err = jwt.Verify(token, "another-secret", &claims)
	if failure, ok := errors.AsType[*linktor.Error](err); ok {
		fmt.Println(failure.Kind, failure.Code)
	}
	// Output: authentication signature_mismatch
}
