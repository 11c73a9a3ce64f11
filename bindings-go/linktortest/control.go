package linktortest

import (
	"context"
	"fmt"
	"time"

	"github.com/linktor/linktor-go"
)

// ExpireAll counts the access tokens of all sessions of a family so far as expired. Their
// refresh tokens stay good.
func (s *Sandbox) ExpireAll(ctx context.Context, family Family) error {
	return s.call(ctx, "expire", tokens{Family: family})
}

// Expire counts an access token as expired. One that is not known is an error.
func (s *Sandbox) Expire(ctx context.Context, family Family, token string) error {
	return s.call(ctx, "expire", tokens{family, &token})
}

// RevokeAll ends all sessions of a family so far: their access and refresh tokens are good no
// more.
func (s *Sandbox) RevokeAll(ctx context.Context, family Family) error {
	return s.call(ctx, "revoke", tokens{Family: family})
}

// Revoke ends the session of an access or refresh token, or an API key. One that is not known
// is an error.
func (s *Sandbox) Revoke(ctx context.Context, family Family, token string) error {
	return s.call(ctx, "revoke", tokens{family, &token})
}

type tokens struct {
	Family Family  `json:"family"`
	Token  *string `json:"token,omitempty"`
}

// AdvanceClock moves the sandbox's clock on, by whole seconds, or back if they are negative:
// tokens age, and windows of limits end. The clock of clients is not moved.
func (s *Sandbox) AdvanceClock(ctx context.Context, by time.Duration) error {
	seconds, err := whole("clock", by, time.Second)
	if err != nil {
		return err
	}
	return s.call(ctx, "clock", struct {
		Advance int64 `json:"advance"`
	}{seconds})
}

// Sessions say how sessions behave. What is zero stays as it was; a family that has no such
// setting refuses it.
type Sessions struct {
	// AccessLife is how long access tokens live, in whole seconds. Default: 15 minutes
	// (linktor), a day (linkit), an hour, and untold (OAuth).
	AccessLife time.Duration
	// RefreshLife is how long refresh tokens live, in whole seconds. Default: 7 days (linktor),
	// for ever (OAuth).
	RefreshLife time.Duration
	// Rotation is what a renewal does to refresh tokens. Default: [RotationSoft] (linktor),
	// [RotationStrict] (OAuth).
	Rotation Rotation
	// LoginShape is how linktor answers a login. Default: [LoginServer].
	LoginShape LoginShape
	// ExpiresAt is where linkit says that a session ends, wherever it does. Default:
	// [ExpiryFuture].
	ExpiresAt Expiry
}

// Rotation is what a renewal does to refresh tokens.
type Rotation string

// The rotations.
const (
	// RotationNone: no new one comes, and the old one stays good.
	RotationNone Rotation = "none"
	// RotationSoft: a new one comes, and the old one stays good.
	RotationSoft Rotation = "soft"
	// RotationStrict: a new one comes, the old one is used up, and using it again ends the
	// session.
	RotationStrict Rotation = "strict"
	// RotationOverlap: as RotationStrict, but the old one is good until a newer one is used.
	RotationOverlap Rotation = "overlap"
)

// LoginShape is one of the two forms in which linktor answers a login.
type LoginShape string

// The forms of a login's answer.
const (
	// LoginServer: as the server does.
	LoginServer LoginShape = "server"
	// LoginDocumented: as its documentation says, {token, user}.
	LoginDocumented LoginShape = "documented"
)

// Expiry is where linkit says that a session ends.
type Expiry string

// The values of Expiry.
const (
	ExpiryFuture Expiry = "future"
	ExpiryPast   Expiry = "past"
)

// SetSessions says how later sessions of a family behave, and the one of its [Credentials].
func (s *Sandbox) SetSessions(ctx context.Context, family Family, sessions Sessions) error {
	access, err := whole("sessions", sessions.AccessLife, time.Second)
	if err != nil {
		return err
	}
	refresh, err := whole("sessions", sessions.RefreshLife, time.Second)
	if err != nil {
		return err
	}
	return s.call(ctx, "sessions", struct {
		Family      Family     `json:"family"`
		AccessLife  int64      `json:"access_life,omitempty"`
		RefreshLife int64      `json:"refresh_life,omitempty"`
		Rotation    Rotation   `json:"rotation,omitempty"`
		LoginShape  LoginShape `json:"login_shape,omitempty"`
		ExpiresAt   Expiry     `json:"expires_at,omitempty"`
	}{family, access, refresh, sessions.Rotation, sessions.LoginShape, sessions.ExpiresAt})
}

// SetLimits sets the rate limits of a family, all of which hold at once; none are those that it
// begins with, 100,000 requests a minute. Windows are of whole seconds, and begin with their
// first request. The classes are authentication, messages and other (linktor), api_key, oauth,
// jwt and anonymous (api_v2).
func (s *Sandbox) SetLimits(ctx context.Context, family Family, limits ...linktor.Limit) error {
	type record struct {
		Limit  int    `json:"limit"`
		Window int64  `json:"window"`
		Class  string `json:"class,omitempty"`
	}
	records := make([]record, len(limits))
	for i, limit := range limits {
		window, err := whole("limits", limit.Window, time.Second)
		if err != nil {
			return err
		}
		records[i] = record{limit.Limit, window, limit.Class}
	}
	return s.setLimits(ctx, family, records, "")
}

// SetPublishedLimits sets the rate limits that a family publishes: those of a tier, free or
// paid (libromi), free, pro or enterprise (api_v1), or, where the tier is empty, the first of
// these, or all that there are (linktor, api_v2). linkit publishes none.
func (s *Sandbox) SetPublishedLimits(ctx context.Context, family Family, tier string) error {
	return s.setLimits(ctx, family, "published", tier)
}

func (s *Sandbox) setLimits(ctx context.Context, family Family, limits any, tier string) error {
	return s.call(ctx, "limits", struct {
		Family Family `json:"family"`
		Limits any    `json:"limits"`
		Tier   string `json:"tier,omitempty"`
	}{family, limits, tier})
}

// whole is how many units a time has, which must be a whole number.
func whole(call string, duration, unit time.Duration) (int64, error) {
	if duration%unit != 0 {
		return 0, newError(fmt.Sprintf("%s: %v is not a whole number of %s", call, duration, unitNames[unit]))
	}
	return int64(duration / unit), nil
}

var unitNames = map[time.Duration]string{time.Second: "seconds", time.Millisecond: "milliseconds"}
