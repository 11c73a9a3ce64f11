package linktortest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

// bare are options of a client that makes each call once and at once.
var bare = []linktor.Option{linktor.WithMaxRetries(0), linktor.WithPacing(linktor.PacingOff)}

func bearer(sandbox *linktortest.Sandbox, family linktortest.Family, token string) *linktor.Client {
	return sandbox.Client(family, append([]linktor.Option{linktor.WithAccessToken(token)}, bare...)...)
}

// refused says with which error a call fails that is made with a token.
func refused(t *testing.T, sandbox *linktortest.Sandbox, family linktortest.Family, token string) error {
	t.Helper()
	_, err := bearer(sandbox, family, token).Get(t.Context(), read[family])
	return err
}

func TestTokensExpireAloneOrAll(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	ctx := t.Context()
	known := sandbox.Credentials(linktortest.Linktor)
	for _, expire := range []func() error{
		func() error { return sandbox.ExpireAll(ctx, linktortest.Linktor) },
		func() error { return sandbox.Expire(ctx, linktortest.Linktor, known.AccessToken) },
	} {
		check(t, sandbox.Reset(ctx))
		if err := refused(t, sandbox, linktortest.Linktor, known.AccessToken); err != nil {
			t.Error(err)
		}
		check(t, expire())
		if err := refused(t, sandbox, linktortest.Linktor, known.AccessToken); !errors.Is(err, linktor.ErrAuthentication) {
			t.Error(err)
		}
		if err := refused(t, sandbox, linktortest.Linkit, sandbox.Credentials(linktortest.Linkit).AccessToken); err != nil {
			t.Errorf("another family: %v", err)
		}
	}
	oauth := sandbox.Credentials(linktortest.APIV2)
	check(t, sandbox.ExpireAll(ctx, linktortest.APIV2))
	renewing := sandbox.Client(linktortest.APIV2, linktor.WithOAuth(linktor.OAuth{
		ClientID: oauth.ClientID, ClientSecret: oauth.ClientSecret,
		AccessToken: new(oauth.AccessToken), RefreshToken: new(oauth.RefreshToken),
	}))
	get(t, renewing, "/users")
}

func TestSessionsAndKeysAreRevokedAloneOrAll(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	ctx := t.Context()
	known := sandbox.Credentials(linktortest.Linktor)
	for _, revoke := range []func() error{
		func() error { return sandbox.RevokeAll(ctx, linktortest.Linktor) },
		func() error { return sandbox.Revoke(ctx, linktortest.Linktor, known.AccessToken) },
		func() error { return sandbox.Revoke(ctx, linktortest.Linktor, known.RefreshToken) },
	} {
		check(t, sandbox.Reset(ctx), revoke())
		if err := refused(t, sandbox, linktortest.Linktor, known.AccessToken); !errors.Is(err, linktor.ErrAuthentication) {
			t.Error(err)
		}
		get(t, sandbox.Client(linktortest.Linktor), "/me")
	}
	check(t, sandbox.Revoke(ctx, linktortest.Linktor, known.APIKey))
	if _, err := sandbox.Client(linktortest.Linktor).Get(ctx, "/me"); !errors.Is(err, linktor.ErrAuthentication) {
		t.Error(err)
	}
}

func TestSessionsBehaveAsTheyAreTold(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	ctx := t.Context()
	known := sandbox.Credentials(linktortest.Linktor)
	session := func() *linktor.Client {
		return sandbox.Client(linktortest.Linktor, append([]linktor.Option{linktor.WithPassword(known.Email, known.Password)}, bare...)...)
	}
	check(t, sandbox.SetSessions(ctx, linktortest.Linktor, linktortest.Sessions{
		AccessLife: time.Minute, LoginShape: linktortest.LoginDocumented,
	}))
	get(t, session(), "/me")
	entries, err := sandbox.Journal(ctx)
	check(t, err)
	issued := strings.TrimPrefix(entries[len(entries)-1].Header.Get("Authorization"), "Bearer ")
	check(t, sandbox.AdvanceClock(ctx, 30*time.Second))
	if err := refused(t, sandbox, linktortest.Linktor, issued); err != nil {
		t.Error(err)
	}
	check(t, sandbox.AdvanceClock(ctx, time.Minute))
	if err := refused(t, sandbox, linktortest.Linktor, issued); !errors.Is(err, linktor.ErrAuthentication) {
		t.Error(err)
	}
	// What is zero stays as it was.
	check(t, sandbox.Reset(ctx),
		sandbox.SetSessions(ctx, linktortest.Linktor, linktortest.Sessions{AccessLife: 2 * time.Minute}),
		sandbox.SetSessions(ctx, linktortest.Linktor, linktortest.Sessions{RefreshLife: time.Hour, Rotation: linktortest.RotationNone}))
	login, err := session().Auth().Login(ctx)
	if err != nil || login.ExpiresIn == nil || *login.ExpiresIn > 2*time.Minute || *login.ExpiresIn < time.Minute {
		t.Errorf("%v, %v", login, err)
	}
	check(t, sandbox.SetSessions(ctx, linktortest.Linkit, linktortest.Sessions{ExpiresAt: linktortest.ExpiryPast}))
	for _, rotation := range []linktortest.Rotation{
		linktortest.RotationSoft, linktortest.RotationStrict, linktortest.RotationOverlap,
	} {
		check(t, sandbox.SetSessions(ctx, linktortest.APIV1, linktortest.Sessions{Rotation: rotation}))
	}
}

func TestARefreshTokenThatIsUsedUpIsGoodNoMore(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	known := sandbox.Credentials(linktortest.APIV2)
	renew := func() error {
		_, err := sandbox.Client(linktortest.APIV2, linktor.WithOAuth(linktor.OAuth{
			ClientID: known.ClientID, ClientSecret: known.ClientSecret, RefreshToken: new(known.RefreshToken),
		})).Get(t.Context(), "/users")
		return err
	}
	check(t, sandbox.SetSessions(t.Context(), linktortest.APIV2, linktortest.Sessions{Rotation: linktortest.RotationSoft}))
	check(t, renew(), renew())
	check(t, sandbox.SetSessions(t.Context(), linktortest.APIV2, linktortest.Sessions{Rotation: linktortest.RotationStrict}))
	check(t, renew())
	if err := renew(); !errors.Is(err, linktor.ErrAuthentication) {
		t.Errorf("it was good again: %v", err)
	}
}

func TestLimitsHoldUntilTheirWindowsEnd(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	ctx := t.Context()
	check(t, sandbox.SetLimits(ctx, linktortest.APIV2,
		linktor.Limit{Limit: 2, Window: time.Minute, Class: "api_key"}, linktor.Limit{Limit: 1, Window: time.Second, Class: "oauth"}))
	client := sandbox.Client(linktortest.APIV2, bare...)
	get(t, client, "/users")
	get(t, client, "/users")
	_, err := client.Get(ctx, "/users")
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Kind != linktor.KindRateLimited || failure.RetryAfter < 30*time.Second || failure.RetryAfter > 70*time.Second {
		t.Fatalf("%v", err)
	}
	check(t, sandbox.AdvanceClock(ctx, time.Minute))
	get(t, client, "/users")
	get(t, client, "/users")
	check(t, sandbox.SetLimits(ctx, linktortest.APIV2))
	get(t, client, "/users")
}

func TestPublishedLimitsAreThoseOfTheirTier(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	for tier, expected := range map[string]string{"": "50", "free": "50", "pro": "200", "enterprise": "1000"} {
		check(t, sandbox.SetPublishedLimits(t.Context(), linktortest.APIV1, tier))
		header := get(t, sandbox.Client(linktortest.APIV1, bare...), "/users/me").Header
		if limit := header.Get("X-RateLimit-Limit"); limit != expected {
			t.Errorf("%s: %s, and not %s", tier, limit, expected)
		}
	}
	check(t, sandbox.SetPublishedLimits(t.Context(), linktortest.Linktor, ""))
}

func TestTheClockGoesBackToo(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	check(t, sandbox.AdvanceClock(t.Context(), -48*time.Hour))
	date, err := http.ParseTime(get(t, sandbox.Client(linktortest.Linktor), "/me").Header.Get("Date"))
	if gap := time.Since(date) - 48*time.Hour; err != nil || gap.Abs() > time.Minute {
		t.Errorf("%v, %v", date, err)
	}
}

func TestACallThatIsMalformedChangesNothingAndSaysWhy(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	ctx := t.Context()
	limit := linktor.Limit{Limit: 1, Window: time.Minute}
	for expected, err := range map[string]error{
		"expire: unknown variant `nowhere`":                       sandbox.ExpireAll(ctx, "nowhere"),
		"expire: token: no such access token":                     sandbox.Expire(ctx, linktortest.Linktor, "marker"),
		"revoke: token: no such token or key":                     sandbox.Revoke(ctx, linktortest.Linktor, ""),
		"revoke: unknown variant ``":                              sandbox.RevokeAll(ctx, ""),
		"revoke: it cannot be written as JSON: a text is not val": sandbox.Revoke(ctx, linktortest.Linktor, "\xff"),
		"clock: 1.5s is not a whole number of seconds":            sandbox.AdvanceClock(ctx, 1500*time.Millisecond),
		"sessions: 1ms is not a whole number of seconds":          sandbox.SetSessions(ctx, "linktor", linktortest.Sessions{AccessLife: time.Millisecond}),
		"sessions: 1ns is not a whole number of seconds":          sandbox.SetSessions(ctx, "linktor", linktortest.Sessions{RefreshLife: 1}),
		"sessions: unknown variant `often`":                       sandbox.SetSessions(ctx, "linktor", linktortest.Sessions{Rotation: "often"}),
		"sessions: login_shape: api_v1 has none":                  sandbox.SetSessions(ctx, "api_v1", linktortest.Sessions{LoginShape: linktortest.LoginServer}),
		"sessions: invalid value: integer `-60`":                  sandbox.SetSessions(ctx, "linktor", linktortest.Sessions{AccessLife: -time.Minute}),
		"limits: limits: a window is at least a second":           sandbox.SetLimits(ctx, "linktor", limit, linktor.Limit{Limit: 1}),
		"limits: limits: linktor has no class `nowhere`":          sandbox.SetLimits(ctx, "linktor", linktor.Limit{Limit: 1, Window: time.Second, Class: "nowhere"}),
		"limits: 1h0m0.5s is not a whole number of seconds":       sandbox.SetLimits(ctx, "linktor", linktor.Limit{Limit: 1, Window: time.Hour + time.Second/2}),
		"limits: limits: linkit publishes none":                   sandbox.SetPublishedLimits(ctx, "linkit", ""),
		"limits: tier: libromi has no `pro`":                      sandbox.SetPublishedLimits(ctx, "libromi", "pro"),
	} {
		failure, ok := errors.AsType[*linktortest.Error](err)
		if !ok || !strings.HasPrefix(failure.Error(), "linktortest: "+expected) || strings.Contains(failure.Error(), "marker") {
			t.Errorf("%s: %v", expected, err)
		}
	}
	check(t, sandbox.Reset(ctx))
	client := sandbox.Client(linktortest.Linktor, bare...)
	get(t, client, "/me")
	get(t, client, "/me")
}
