// Package jwt signs and verifies JSON Web Tokens (RFC 7519) with HS256 (RFC 7518, 3.2) and
// nothing else: none and every other algorithm are refused. Its errors are *linktor.Error.
package jwt

import (
	"encoding/json"
	"strings"

	_ "github.com/linktor/linktor-go" // the form of all errors
	"github.com/linktor/linktor-go/internal/exact"
	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Sign signs claims, which are to be a JSON object: a map, or a struct. They get iat unless
// it is there, and exp and iss as the options say; without exp and [ExpiresIn] a token lives
// an hour.
//
// Claims that are no object, texts that are not valid UTF-8, and an exp or iss said twice,
// are errors of the kind invalid_request; an empty secret is one of the kind config.
func Sign(claims any, secret string, options ...SignOption) (string, error) {
	arguments := signing{Claims: claims, Secret: secret}
	for _, option := range options {
		if option != nil {
			option.sign(&arguments)
		}
	}
	text, err := write(arguments)
	if err != nil {
		return "", err
	}
	token, err := ffi.SignJWT(text)
	if err != nil {
		return "", failure.From(err)
	}
	return token, nil
}

// Verify reads the claims of a token into claims, a pointer as for [json.Unmarshal], if the
// token is signed with HS256 and this secret, has not expired, and is valid already.
//
// Else the error is of the kind authentication, never shows the token, and has the code
// token_malformed, algorithm_refused, signature_mismatch, token_expired, token_not_yet_valid
// or issuer_mismatch; claims are as they were. An empty secret is an error of the kind
// config, and claims of other types than those they are read into one of the kind decode.
func Verify(token, secret string, claims any, options ...VerifyOption) error {
	arguments := verification{Token: strings.ToValidUTF8(token, "\uFFFD"), Secret: secret}
	for _, option := range options {
		if option != nil {
			option.verify(&arguments)
		}
	}
	text, err := write(arguments)
	if err != nil {
		return err
	}
	verified, err := ffi.VerifyJWT(text)
	if err != nil {
		return failure.From(err)
	}
	if err := json.Unmarshal([]byte(verified), claims); err != nil {
		return failure.New("decode", "the claims are not of the types that were expected", err)
	}
	return nil
}

// signing is what [Sign] is told, as it crosses.
type signing struct {
	Claims    any      `json:"claims"`
	Secret    string   `json:"secret"`
	ExpiresIn *float64 `json:"expires_in,omitempty"`
	Issuer    *string  `json:"issuer,omitempty"`
	Now       *float64 `json:"now,omitempty"`
}

// verification is what [Verify] is told, as it crosses.
type verification struct {
	Token  string   `json:"token"`
	Secret string   `json:"secret"`
	Issuer *string  `json:"issuer,omitempty"`
	Leeway *float64 `json:"leeway,omitempty"`
	Now    *float64 `json:"now,omitempty"`
}

func write(arguments any) (string, error) {
	text, err := exact.Marshal(arguments)
	if err != nil {
		return "", failure.New("invalid_request", "the claims, secret or issuer cannot be written as JSON", err)
	}
	return string(text), nil
}
