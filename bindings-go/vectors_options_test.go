package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/linktor/linktor-go"
)

func (r *vectorRun) clientOptions() []linktor.Option {
	told := r.filled(r.one.Client).(object)
	options := r.credentials(told)
	if _, ok := told["base_url"]; !ok {
		if url := sandbox.BaseURLs[r.provider]; url != "" {
			options = append(options, linktor.WithBaseURL(url))
		}
		if url := sandbox.AuthURLs[r.provider]; url != "" {
			options = append(options, linktor.WithAuthURL(url))
		}
	}
	for name, value := range told {
		switch name {
		case "api_key", "access_token", "anonymous", "email", "password", "oauth", "jwt":
		case "provider":
			if name, ok := value.(string); ok {
				options = append(options, linktor.WithProvider(name))
				break
			}
			document, _ := json.Marshal(value)
			var provider linktor.Provider
			if err := json.Unmarshal(document, &provider); err != nil {
				r.Fatal(err)
			}
			options = append(options, linktor.WithCustomProvider(&provider))
		case "base_url":
			options = append(options, linktor.WithBaseURL(value.(string)))
		case "auth_url":
			options = append(options, linktor.WithAuthURL(value.(string)))
		case "token_store":
			options = append(options, linktor.WithTokenStoreFile(value.(string)))
		case "organization":
			options = append(options, linktor.WithOrganization(value.(string)))
		case "client_version":
			options = append(options, linktor.WithClientVersion(value.(string)))
		case "proxy":
			options = append(options, linktor.WithProxy(value.(string)))
		case "timeout":
			options = append(options, linktor.WithTimeout(seconds(value)))
		case "connect_timeout":
			options = append(options, linktor.WithConnectTimeout(seconds(value)))
		case "deadline":
			options = append(options, linktor.WithDeadline(seconds(value)))
		case "max_connections":
			options = append(options, linktor.WithMaxConnections(whole(value)))
		case "max_retries":
			options = append(options, linktor.WithMaxRetries(whole(value)))
		case "max_retry_wait":
			options = append(options, linktor.WithMaxRetryWait(seconds(value)))
		case "retry_budget":
			options = append(options, linktor.WithRetryBudget(whole(value)))
		case "pacing":
			options = append(options, linktor.WithPacing(linktor.Pacing(value.(string))))
		case "limits":
			options = append(options, limits(value))
		case "allow_insecure_http":
			if value.(bool) {
				options = append(options, linktor.WithAllowInsecureHTTP())
			}
		case "headers":
			for name, value := range value.(object) {
				options = append(options, linktor.WithHeader(name, value.(string)))
			}
		default:
			r.Fatalf("the runner does not know the client's option %s", name)
		}
	}
	if r.one.TokenSource != nil {
		source := scriptedSource(r.filled(r.one.TokenSource).([]any))
		options = append(options, linktor.WithTokenSource(source))
	}
	if r.one.TokenStore != nil {
		options = append(options, r.tokenStore(r.filled(r.one.TokenStore).(object)))
	}
	return options
}

// credentials are the credentials that options name: none, one, or too many.
func (r *vectorRun) credentials(told object) []linktor.Option {
	var options []linktor.Option
	text := func(from object, name string) string {
		text, _ := from[name].(string)
		return text
	}
	given := func(from object, name string) *string {
		if _, ok := from[name]; !ok {
			return nil
		}
		return new(text(from, name))
	}
	if key := given(told, "api_key"); key != nil {
		options = append(options, linktor.WithAPIKey(*key))
	}
	if token := given(told, "access_token"); token != nil {
		options = append(options, linktor.WithAccessToken(*token))
	}
	if anonymous, _ := told["anonymous"].(bool); anonymous {
		options = append(options, linktor.WithAnonymous())
	}
	if given(told, "email") != nil || given(told, "password") != nil {
		// What is missing is empty in Go, where both are arguments of one function.
		options = append(options, linktor.WithPassword(text(told, "email"), text(told, "password")))
	}
	if oauth, ok := told["oauth"].(object); ok {
		options = append(options, linktor.WithOAuth(linktor.OAuth{
			ClientID: text(oauth, "client_id"), ClientSecret: text(oauth, "client_secret"),
			RefreshToken: given(oauth, "refresh_token"), AccessToken: given(oauth, "access_token"),
			Account: given(oauth, "account"),
		}))
	}
	if jwt, ok := told["jwt"].(object); ok {
		claims, _ := jwt["claims"].(object)
		credential := linktor.JWT{
			Secret: text(jwt, "secret"), Subject: text(jwt, "subject"), Issuer: given(jwt, "issuer"), Claims: claims,
		}
		if ttl, ok := jwt["ttl"]; ok {
			credential.TTL = new(seconds(ttl))
		}
		options = append(options, linktor.WithJWT(credential))
	}
	return options
}

func scriptedSource(results []any) linktor.TokenSource {
	var mutex sync.Mutex
	next := 0
	return linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
		mutex.Lock()
		defer mutex.Unlock()
		result := results[min(next, len(results)-1)]
		next++
		record, ok := result.(object)
		if !ok {
			return linktor.Token{Value: result.(string)}, nil
		}
		if message, ok := record["error"].(string); ok {
			return linktor.Token{}, errors.New(message)
		}
		token := linktor.Token{Value: record["token"].(string)}
		if life, ok := record["expires_in"]; ok {
			token.ExpiresIn = seconds(life)
		}
		return token, nil
	})
}

// limits is a tier's name, or limits of one's own.
func limits(value any) linktor.Option {
	if tier, ok := value.(string); ok {
		return linktor.WithLimitTier(tier)
	}
	var own []linktor.Limit
	for _, value := range value.([]any) {
		told := value.(object)
		class, _ := told["class"].(string)
		own = append(own, linktor.Limit{Limit: whole(told["limit"]), Window: seconds(told["window"]), Class: class})
	}
	return linktor.WithLimits(own...)
}

func whole(value any) int {
	count, err := value.(json.Number).Int64()
	if err != nil {
		return math.MinInt
	}
	return int(count)
}

func seconds(value any) time.Duration {
	float, err := value.(json.Number).Float64()
	if err != nil {
		return math.MinInt64
	}
	return time.Duration(float * float64(time.Second))
}
