package jwt

import "time"

// SignOption says more of a token that is signed.
type SignOption interface{ sign(*signing) }

// VerifyOption asks more of a token than its signature and its time.
type VerifyOption interface{ verify(*verification) }

// Option is for [Sign] and [Verify].
type Option interface {
	SignOption
	VerifyOption
}

// ExpiresIn is how long the token lives, in whole seconds. Default: the exp claim, else an
// hour.
func ExpiresIn(life time.Duration) SignOption {
	return signOption(func(s *signing) { s.ExpiresIn = new(life.Seconds()) })
}

// Leeway is how far clocks may differ when exp and nbf are compared. Default: not at all.
func Leeway(leeway time.Duration) VerifyOption {
	return verifyOption(func(v *verification) { v.Leeway = new(leeway.Seconds()) })
}

// Issuer is the iss claim: added by [Sign], and what it must be for [Verify]. Default: none
// is added, and any will do.
func Issuer(issuer string) Option {
	return option{
		func(s *signing) { s.Issuer = &issuer },
		func(v *verification) { v.Issuer = &issuer },
	}
}

// Now is the time to sign or to verify at. Default: the time it is.
func Now(now time.Time) Option {
	epoch := float64(now.Unix()) + float64(now.Nanosecond())/1e9
	return option{
		func(s *signing) { s.Now = &epoch },
		func(v *verification) { v.Now = &epoch },
	}
}

type signOption func(*signing)

func (o signOption) sign(s *signing) { o(s) }

type verifyOption func(*verification)

func (o verifyOption) verify(v *verification) { o(v) }

type option struct {
	signOption
	verifyOption
}
