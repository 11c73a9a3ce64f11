//! How a server tells of its limits: the families' ways and the standard's, as data.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use linktor::{Provider, TransportResponse};

/// One way to tell.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) name: &'static str,
    pub(crate) provider: fn() -> Provider,
    headers: Headers,
    /// Whether they stand on successes too.
    is_always: bool,
    hint: Hint,
    /// The body of a 429 that asks for so many seconds.
    body: fn(u64) -> String,
    /// Whether the second in which a window ends is told, or the one after it.
    is_early: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Headers {
    None,
    Epoch,
    Delta,
    Ietf,
}

/// Where a 429 says in so many words how long to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Elsewhere,
    RetryAfter,
    Body,
}

/// What there is to tell.
pub(crate) struct State {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) length: Duration,
    /// From now on.
    pub(crate) reset: Duration,
}

pub(crate) const LINKTOR: Voice = Voice {
    name: "linktor",
    provider: Provider::linktor,
    headers: Headers::Epoch,
    is_always: true,
    hint: Hint::Body,
    body: |seconds| format!(r#"{{"code":"RATE_LIMITED","message":"Too many requests.","retry_after":{seconds}}}"#),
    is_early: false,
};

pub(crate) const LIBROMI: Voice = Voice {
    name: "libromi",
    provider: Provider::libromi,
    is_always: false,
    hint: Hint::RetryAfter,
    body: |_| r#"{"status":"FAILED","message":"Slow down.","error_code":"RATE_LIMIT_EXCEEDED"}"#.to_owned(),
    ..LINKTOR
};

pub(crate) const API_V1: Voice = Voice {
    name: "api_v1",
    provider: Provider::api_v1,
    body: |seconds| format!(r#"{{"error":"rate_limit_exceeded","message":"Slow. Try again in {seconds} seconds."}}"#),
    hint: Hint::Elsewhere,
    ..LINKTOR
};

pub(crate) const LINKIT: Voice = Voice {
    name: "linkit",
    provider: Provider::linkit,
    headers: Headers::None,
    body: |_| r#"{"code":429,"error":"Too Many Requests","details":"Slow down"}"#.to_owned(),
    hint: Hint::Elsewhere,
    ..LINKTOR
};

pub(crate) const IETF: Voice = Voice {
    name: "ietf",
    provider: || Provider::new("ietf"),
    headers: Headers::Ietf,
    body: |_| String::new(),
    hint: Hint::Elsewhere,
    ..LINKTOR
};

pub(crate) const DELTA: Voice =
    Voice { name: "delta", provider: || Provider::new("delta"), headers: Headers::Delta, ..IETF };

/// All of them.
pub(crate) const ALL: [Voice; 6] = [LINKTOR, LIBROMI, API_V1, LINKIT, IETF, DELTA];

impl Voice {
    /// The same, but that a time at which a window ends is rounded down to its second.
    pub(crate) fn early(self, is_early: bool) -> Self {
        Self { is_early, ..self }
    }

    /// The answer at this time of the server's day, and what it asks to wait, if it is a
    /// 429 that says so; `refused` is how long it truly takes.
    pub(crate) fn answer(
        &self,
        now: SystemTime,
        state: &State,
        refused: Option<Duration>,
    ) -> (TransportResponse, Option<Duration>) {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: String| {
            headers.insert(name, HeaderValue::from_maybe_shared(value).expect("a header value"));
        };
        put(DATE, httpdate::fmt_http_date(now));
        let reset = refused.unwrap_or(state.reset);
        let mut told = None;
        if self.is_always || refused.is_some() {
            let three = [("limit", state.limit), ("remaining", state.remaining)];
            let until = match self.headers {
                Headers::None => None,
                Headers::Ietf => {
                    let (limit, remaining) = (state.limit, state.remaining);
                    put(
                        "ratelimit-policy".parse().expect("a name"),
                        format!(r#""w";q={limit};w={}"#, state.length.as_secs()),
                    );
                    put("ratelimit".parse().expect("a name"), format!(r#""w";r={remaining};t={}"#, ceil(reset)));
                    Some(ceil(reset))
                }
                Headers::Epoch | Headers::Delta => {
                    for (name, value) in three {
                        put(format!("x-ratelimit-{name}").parse().expect("a name"), value.to_string());
                    }
                    let (value, wait) = self.old_reset(now, reset);
                    put("x-ratelimit-reset".parse().expect("a name"), value.to_string());
                    Some(wait)
                }
            };
            told = until.filter(|seconds| *seconds > 0);
        }
        let Some(hint) = refused else { return (TransportResponse::new(200, headers, "{}"), None) };
        let hint = ceil(hint);
        if self.hint == Hint::RetryAfter {
            headers.insert(RETRY_AFTER, hint.into());
        }
        if self.hint != Hint::Elsewhere {
            told = Some(hint);
        }
        let body = (self.body)(hint);
        (TransportResponse::new(429, headers, body), told.map(Duration::from_secs))
    }

    /// The header's value, and how long that is by the answer's own `Date`.
    fn old_reset(&self, now: SystemTime, reset: Duration) -> (u64, u64) {
        if self.headers == Headers::Delta {
            return (ceil(reset), ceil(reset));
        }
        let since_1970 = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let at = since_1970(now + reset);
        let stamp = if self.is_early { at.as_secs() } else { ceil(at) };
        (stamp, stamp.saturating_sub(since_1970(now).as_secs()))
    }
}

fn ceil(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
