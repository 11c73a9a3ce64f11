//! What an answer's headers say of limits: the three of old (`X-RateLimit-…`, or without
//! the `X-`), and the IETF's `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers), which are structured fields (RFC 9651).

use std::time::{Duration, SystemTime};

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Item, List, ListEntry, Parser};

/// A wait for longer than this is not one.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);
/// What is less is a number of seconds, what is not is a time since 1970 in seconds …
const FIRST_EPOCH: f64 = 1e9;
/// … and from here on in milliseconds.
const FIRST_MILLISECONDS: f64 = 1e12;

const fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}
static LIMIT: [HeaderName; 2] = [name("x-ratelimit-limit"), name("ratelimit-limit")];
static REMAINING: [HeaderName; 2] = [name("x-ratelimit-remaining"), name("ratelimit-remaining")];
static RESET: [HeaderName; 2] = [name("x-ratelimit-reset"), name("ratelimit-reset")];
static IETF: HeaderName = name("ratelimit");
static IETF_POLICY: HeaderName = name("ratelimit-policy");

/// What an answer says. What is not a number, or "unlimited", is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    pub(crate) reset: Option<Reset>,
}

/// The end of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reset {
    /// From the answer on. None at all where it is a second that has begun.
    pub(crate) wait: Duration,
    /// The server's own name for it, in milliseconds, where that is a time.
    pub(crate) stamp: Option<u64>,
}

impl Reading {
    /// What the answer says, if it says anything; `now` is the time by the server's clock.
    pub(crate) fn of(headers: &HeaderMap, now: SystemTime) -> Option<Self> {
        let old = || Self {
            limit: number(headers, &LIMIT),
            remaining: number(headers, &REMAINING),
            reset: reset(headers, now),
        };
        Some(ietf(headers).unwrap_or_else(old)).filter(|reading| *reading != Self::default())
    }
}

/// The end of the window by the first `…-Reset` header that is sane, or is this very second.
pub(crate) fn reset(headers: &HeaderMap, now: SystemTime) -> Option<Reset> {
    let epoch = |seconds| {
        let since = Duration::try_from_secs_f64(seconds).ok()?;
        let wait = until(SystemTime::UNIX_EPOCH.checked_add(since)?, headers, now)?;
        Some(Reset { wait, stamp: u64::try_from(since.as_millis()).ok() })
    };
    let read = |text: &str| {
        let value: f64 = text.parse().ok()?;
        if value < FIRST_EPOCH {
            Some(Reset { wait: Duration::try_from_secs_f64(value).ok()?, stamp: None })
        } else if value < FIRST_MILLISECONDS {
            epoch(value)
        } else {
            epoch(value / 1_000.0)
        }
    };
    RESET
        .iter()
        .flat_map(|name| texts(headers, name))
        .filter_map(read)
        .find(|reset| is_sane(reset.wait) || (reset.wait.is_zero() && reset.stamp.is_some()))
}

/// How long until `date`, by the time that the answer itself tells, unless a cache kept it.
pub(crate) fn until(date: SystemTime, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let told = headers
        .get(DATE)
        .filter(|_| !headers.contains_key(AGE))
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    date.duration_since(told.unwrap_or(now)).ok()
}

/// Zero is no wait, and neither is more than a day.
pub(crate) fn is_sane(wait: Duration) -> bool {
    !wait.is_zero() && wait <= LONGEST
}

/// The values of a header, of which there may be several.
pub(crate) fn texts<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok().map(str::trim))
}

fn number(headers: &HeaderMap, names: &[HeaderName]) -> Option<u64> {
    names.iter().flat_map(|name| texts(headers, name)).find_map(|text| text.parse().ok())
}

/// The tightest of the policies that `RateLimit` reports on: the one with the least
/// remaining, and of those the one that lasts longest.
fn ietf(headers: &HeaderMap) -> Option<Reading> {
    let reported = list(headers, &IETF)?;
    let policies = list(headers, &IETF_POLICY).unwrap_or_default();
    let quota = |of: &Item| {
        let policy = items(&policies).find(|policy| policy.bare_item == of.bare_item)?;
        parameter(policy, "q")
    };
    let readings = items(&reported).filter_map(|item| {
        let remaining = parameter(item, "r")?;
        let wait = parameter(item, "t").map(Duration::from_secs).filter(|wait| is_sane(*wait));
        let reset = wait.map(|wait| Reset { wait, stamp: None });
        Some(Reading { limit: quota(item), remaining: Some(remaining), reset })
    });
    readings.min_by_key(|reading| (reading.remaining, std::cmp::Reverse(reading.reset.map(|reset| reset.wait))))
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Option<List> {
    let mut lines = texts(headers, name);
    let first = lines.next()?;
    let joined = lines.fold(first.to_owned(), |joined, line| joined + "," + line);
    Parser::new(&joined).parse().ok()
}

fn items(list: &List) -> impl Iterator<Item = &Item> {
    list.iter().filter_map(|entry| match entry {
        ListEntry::Item(item) => Some(item),
        ListEntry::InnerList(_) => None,
    })
}

fn parameter(item: &Item, name: &str) -> Option<u64> {
    match item.params.get(name)? {
        BareItem::Integer(value) => u64::try_from(i64::from(*value)).ok(),
        _ => None,
    }
}
