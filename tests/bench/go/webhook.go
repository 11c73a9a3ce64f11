package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/linktor/linktor-go/webhook"
)

var secret = []byte("invented-secret")

// verify checks the signature of a delivery, and gives an error for what is not signed.
type verify func(body []byte, header http.Header) error

type verification struct {
	Seconds float64 `json:"seconds"`
}

func verified(verifier func() (verify, error), count, size int) (verification, error) {
	check, err := verifier()
	if err != nil {
		return verification{}, err
	}
	body := []byte(`{"content":"` + strings.Repeat("x", size-len(`{"content":""}`)) + `"}`)
	header := delivery(body)
	used, err := measured(func() error {
		for range count {
			if err := check(body, header); err != nil {
				return err
			}
		}
		return nil
	})
	return verification{used.Seconds}, err
}

// delivery is what net/http gives as the header of one through a proxy.
func delivery(body []byte) http.Header {
	header := http.Header{}
	header.Set("User-Agent", "sender/1.0")
	header.Set("Accept", "*/*")
	header.Set("Accept-Encoding", "gzip, deflate")
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Linktor-Signature", hex.EncodeToString(signature(body)))
	header.Set("X-Forwarded-For", "203.0.113.7")
	header.Set("X-Forwarded-Proto", "https")
	header.Set("X-Request-Id", "5b1f0c52-7a7e-4f0e-9d3c-000000000001")
	return header
}

// kept is the SDK's.
func kept() (verify, error) {
	verifier, err := webhook.NewVerifier(webhook.LinktorBody, []string{string(secret)})
	if err != nil {
		return nil, err
	}
	return verifier.VerifySignature, nil
}

func byHand() (verify, error) {
	return func(body []byte, header http.Header) error {
		given, err := hex.DecodeString(header.Get("X-Linktor-Signature"))
		if err != nil || !hmac.Equal(given, signature(body)) {
			return errors.New("the signature is not of this body")
		}
		return nil
	}, nil
}

func signature(body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return mac.Sum(nil)
}
