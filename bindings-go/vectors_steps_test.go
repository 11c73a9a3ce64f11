package linktor_test

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/jwt"
)

// step makes one step of a case.
func (r *vectorRun) step(what string, step object) {
	expect, _ := step["expect"].(object)
	class, asksRateLimit := step["rate_limit"]
	switch {
	case asksRateLimit:
		r.rateLimit(what, class, expect)
	case step["auth"] != nil:
		r.auth(what, step, expect)
	case step["authorize"] != nil:
		r.authorize(what)
	case step["paginate"] != nil:
		r.paginate(what, step, expect)
	case step["jwt"] != nil:
		r.jwt(what, step, expect)
	case step["webhook"] != nil:
		r.webhook(what, step, expect)
	case step["store"] != nil:
		r.stepOfStore(what, step, expect)
	case step["receive"] != nil:
		r.deliver(what, step, expect)
	case step["control"] != nil:
		r.control(step["control"].(string), step["with"])
	case step["sleep"] != nil:
		time.Sleep(seconds(step["sleep"]))
	case step["restart"] != nil:
		if err := r.start(); err != nil {
			r.Fatalf("%s: %v", what, err)
		}
	default:
		response, err := r.send(step)
		r.compareOutcome(what, response, err, expect)
	}
}

func (r *vectorRun) send(call object) (*linktor.Response, error) {
	client := r.client
	if id, ok := call["with_organization"].(string); ok {
		client = client.WithOrganization(id)
	}
	if told, ok := call["with_credentials"].(object); ok {
		client = client.WithCredentials(r.credentials(told)[0])
	}
	method, path, options := call["method"].(string), call["path"].(string), r.requestOptions(call)
	send := map[string]func(context.Context, string, ...linktor.RequestOption) (*linktor.Response, error){
		"GET": client.Get, "POST": client.Post, "PUT": client.Put, "PATCH": client.Patch, "DELETE": client.Delete,
	}[method]
	if send == nil {
		if len(options) > 0 {
			r.Fatalf("the runner sends %s without options only", method)
		}
		return client.Do(r.Context(), &linktor.Request{Method: method, Path: path})
	}
	return send(r.Context(), path, options...)
}

func (r *vectorRun) requestOptions(call object) []linktor.RequestOption {
	var options []linktor.RequestOption
	for name, value := range call {
		switch name {
		case "method", "path", "paginate", "expect", "content_type", "with_organization", "with_credentials":
		case "query":
			query := value.(object)
			for _, name := range slices.Sorted(maps.Keys(query)) {
				options = append(options, linktor.Query(name, query[name]))
			}
		case "headers":
			for name, value := range value.(object) {
				options = append(options, linktor.Header(name, value.(string)))
			}
		case "path_params":
			for name, value := range value.(object) {
				options = append(options, linktor.PathParam(name, value))
			}
		case "json":
			options = append(options, linktor.JSON(value))
		case "content":
			contentType, _ := call["content_type"].(string)
			options = append(options, linktor.Body([]byte(value.(string)), contentType))
		case "organization_id":
			options = append(options, linktor.Organization(value.(string)))
		case "request_id":
			options = append(options, linktor.RequestID(value.(string)))
		case "timeout":
			options = append(options, linktor.Timeout(seconds(value)))
		case "deadline":
			options = append(options, linktor.Deadline(seconds(value)))
		case "max_retries":
			options = append(options, linktor.MaxRetries(whole(value)))
		case "max_retry_wait":
			options = append(options, linktor.MaxRetryWait(seconds(value)))
		case "idempotent":
			options = append(options, linktor.Idempotent(value.(bool)))
		case "idempotency_key":
			options = append(options, linktor.IdempotencyKey(value.(string)))
		default:
			r.Fatalf("the runner does not know %q of a call", name)
		}
	}
	return options
}

func (r *vectorRun) auth(what string, step, expect object) {
	auth := r.client.Auth()
	switch call := step["auth"]; call {
	case "login":
		session, err := auth.Login(r.Context())
		r.compareValue(what, r.sessionValue(session), err, expect)
	case "refresh":
		session, err := auth.Refresh(r.Context())
		r.compareValue(what, r.sessionValue(session), err, expect)
	case "exchange_code":
		session, err := auth.ExchangeCode(r.Context(), step["callback"].(string), r.throughJSON(r.consent))
		r.compareValue(what, r.sessionValue(session), err, expect)
	case "session":
		r.compareValue(what, r.sessionValue(auth.Session()), nil, expect)
	case "test":
		test, err := auth.Test(r.Context())
		var value any
		if err == nil {
			value = object{"valid": test.Valid, "data": r.parsed(test.Data)}
		}
		r.compareValue(what, value, err, expect)
	case "invalidate":
		auth.Invalidate()
	case "authorize_url":
		r.authorizeURL(what, step, expect)
	default:
		r.Fatalf("the runner does not know auth %q", call)
	}
}

func (r *vectorRun) authorizeURL(what string, step, expect object) {
	var scopes []string
	for _, scope := range step["scopes"].([]any) {
		scopes = append(scopes, scope.(string))
	}
	request, err := r.client.Auth().AuthorizeURL(scopes, step["redirect_uri"].(string))
	if expected, ok := expect["error"].(object); ok || err != nil {
		compareError(r.TB, what, err, expected)
		return
	}
	if expected, ok := expect["url"].(string); ok {
		compareURL(r.TB, what, request.URL, expected)
	}
	url, err := url.Parse(request.URL)
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
	r.consent = request
	r.placeholders["$state"], r.placeholders["$verifier"] = request.State, request.Verifier
	r.placeholders["$challenge"] = url.Query().Get("code_challenge")
}

// throughJSON is the way that a request for consent goes to another process.
func (r *vectorRun) throughJSON(request *linktor.AuthorizationRequest) *linktor.AuthorizationRequest {
	text, err := json.Marshal(request)
	if err != nil {
		r.Fatal(err)
	}
	var read linktor.AuthorizationRequest
	if err := json.Unmarshal(text, &read); err != nil {
		r.Fatal(err)
	}
	return &read
}

// authorize is the user, who agrees.
func (r *vectorRun) authorize(what string) {
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(r.consent.URL)
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
	_ = response.Body.Close()
	r.placeholders["$callback"] = response.Header.Get("Location")
}

func (r *vectorRun) paginate(what string, step, expect object) {
	items := []any{}
	var failure error
	for item, err := range r.client.Paginate(r.Context(), step["paginate"].(string), r.requestOptions(step)...) {
		if err != nil {
			failure = err
			break
		}
		items = append(items, r.parsed(item))
	}
	if expected, ok := expect["items"]; ok {
		compare(r.TB, what+": items", items, expected)
	}
	if expected, ok := expect["error"].(object); ok || failure != nil {
		compareError(r.TB, what, failure, expected)
	}
}

func (r *vectorRun) jwt(what string, step, expect object) {
	var options []jwt.Option
	if issuer, ok := step["issuer"].(string); ok {
		options = append(options, jwt.Issuer(issuer))
	}
	if now, ok := step["now"]; ok {
		options = append(options, jwt.Now(time.Unix(0, 0).Add(seconds(now))))
	}
	var value any
	var err error
	secret, wanted := step["secret"].(string), "claims"
	if step["jwt"] == "sign" {
		wanted = "token"
		var given []jwt.SignOption
		for _, option := range options {
			given = append(given, option)
		}
		if life, ok := step["expires_in"]; ok {
			given = append(given, jwt.ExpiresIn(seconds(life)))
		}
		value, err = jwt.Sign(step["claims"], secret, given...)
	} else {
		var given []jwt.VerifyOption
		for _, option := range options {
			given = append(given, option)
		}
		if leeway, ok := step["leeway"]; ok {
			given = append(given, jwt.Leeway(seconds(leeway)))
		}
		err = jwt.Verify(step["token"].(string), secret, &value, given...)
	}
	if expected, ok := expect["error"].(object); ok || err != nil {
		compareError(r.TB, what, err, expected)
		return
	}
	compare(r.TB, what+": "+wanted, value, expect[wanted])
}

func (r *vectorRun) rateLimit(what string, class any, expect object) {
	var classes []string
	if class, ok := class.(string); ok {
		classes = append(classes, class)
	}
	limit, err := r.client.RateLimit(classes...)
	if expected, ok := expect["error"].(object); ok || err != nil {
		compareError(r.TB, what, err, expected)
		return
	}
	compareRateLimit(r.TB, what, limit, expect["rate_limit"])
}

func (r *vectorRun) control(name string, with any) {
	body := object{}
	if name != "clock" {
		body["family"] = r.provider
	}
	if with, ok := with.(object); ok {
		maps.Copy(body, with)
	}
	control(r, "POST", "/"+name, body, nil)
}

func (r *vectorRun) sessionValue(session *linktor.Session) any {
	if session == nil {
		return nil
	}
	var left any
	if session.ExpiresIn != nil {
		left = session.ExpiresIn.Seconds()
	}
	organization := orNil(session.Organization, session.Organization)
	return object{"user": r.parsed(session.User), "organization": organization, "expires_in": left}
}

// compareValue compares what an auth call gave, field by field.
func (r *vectorRun) compareValue(what string, value any, err error, expect object) {
	if expected, ok := expect["error"].(object); ok || err != nil {
		compareError(r.TB, what, err, expected)
		return
	}
	fields, ok := expect["value"].(object)
	if !ok {
		if expected, ok := expect["value"]; ok {
			compare(r.TB, what, value, expected)
		}
		return
	}
	actual, _ := value.(object)
	for name, expected := range fields {
		if left, ok := actual[name].(float64); ok && name == "expires_in" && expected != nil {
			if math.Abs(left-seconds(expected).Seconds()) > 5 {
				r.Errorf("%s: it expires in %v s, and not in %v", what, left, expected)
			}
			continue
		}
		compare(r.TB, what+": "+name, actual[name], expected)
	}
}

func (r *vectorRun) parsed(value json.RawMessage) any {
	if value == nil {
		return nil
	}
	return parse(r.TB, value)
}
