package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/linktor/linktor-go/webhook"
)

var secret = []byte("invented-secret")

// sizes are those of deliveries, and how many of them are verified in a run.
var sizes = []struct {
	name         string
	bytes, count int
	target       string
}{
	{"256 B", 256, 100_000, ""},
	{"1 KiB", 1024, 100_000, "1.3x or more"},
	{"64 KiB", 64 << 10, 4_000, ""},
}

var errUnsigned = errors.New("the signature is not of this body")

// signatures measures the check of a delivery's signature, with a kept verifier and by hand.
func signatures(rounds int) error {
	schemes := []struct {
		title    string
		scheme   webhook.Scheme
		byHand   func(body []byte, header http.Header) bool
		targeted bool
	}{
		{"signature of a webhook's body", webhook.LinktorBody, signedByHand, true},
		{"signature of a webhook's time and body", webhook.Linktor, signedInTimeByHand, false},
	}
	for _, each := range schemes {
		verifier, err := webhook.NewVerifier(each.scheme, []string{string(secret)})
		if err != nil {
			return err
		}
		var rows []row
		for _, size := range sizes {
			body := []byte(`{"content":"` + strings.Repeat("x", size.bytes-len(`{"content":""}`)) + `"}`)
			header, err := received(each.scheme, body)
			if err != nil {
				return err
			}
			measured, err := interleaved(rounds, []run[float64]{
				{sdk, func() (float64, error) {
					return rate(size.count, func() error { return verifier.VerifySignature(body, header) })
				}},
				{plain, func() (float64, error) {
					return rate(size.count, func() error {
						if !each.byHand(body, header) {
							return errUnsigned
						}
						return nil
					})
				}},
			})
			if err != nil {
				return err
			}
			row := row{
				name:   fmt.Sprintf("%s, %s", size.name, perSecond(median(measured[sdk]))),
				ratios: ratios(measured[sdk], measured[plain]),
				told:   perSecond(median(measured[plain])),
			}
			if each.targeted {
				row.target = size.target
			}
			rows = append(rows, row)
		}
		table(each.title+" against crypto/hmac by hand", rows)
	}
	return nil
}

// received is what net/http gives as the header of a delivery through a proxy.
func received(scheme webhook.Scheme, body []byte) (http.Header, error) {
	header, err := webhook.Sign(scheme, body, string(secret))
	if err != nil {
		return nil, err
	}
	header.Set("User-Agent", "sender/1.0")
	header.Set("Accept", "*/*")
	header.Set("Accept-Encoding", "gzip, deflate")
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Forwarded-For", "203.0.113.7")
	header.Set("X-Forwarded-Proto", "https")
	header.Set("X-Request-Id", "5b1f0c52-7a7e-4f0e-9d3c-000000000001")
	return header, nil
}

func signedByHand(body []byte, header http.Header) bool {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	given, err := hex.DecodeString(header.Get("X-Linktor-Signature"))
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

func signedInTimeByHand(body []byte, header http.Header) bool {
	timestamp := header.Get("X-Linktor-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	given, err := hex.DecodeString(header.Get("X-Linktor-Signature"))
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

// rate is how often a second there is no error.
func rate(count int, once func() error) (float64, error) {
	started := time.Now()
	for range count {
		if err := once(); err != nil {
			return 0, err
		}
	}
	return float64(count) / time.Since(started).Seconds(), nil
}
