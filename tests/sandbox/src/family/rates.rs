//! The published rate headers: a fixed window of a minute, counted and never enforced.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

use crate::family::Family;

const LIMIT: u64 = 100_000;
const WINDOW: u64 = 60;

/// What each credential has used of the window that began at `started`.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    started: u64,
    used: [HashMap<String, u64>; Family::ALL.len()],
}

impl Rates {
    /// Counts a request and writes the three headers.
    pub(crate) fn count(&mut self, family: Family, credential: &str, headers: &mut HeaderMap) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let started = now - now % WINDOW;
        if started != self.started {
            *self = Self { started, ..Self::default() };
        }
        let counts = &mut self.used[family as usize];
        let used = match counts.get_mut(credential) {
            Some(used) => {
                *used += 1;
                *used
            }
            None => *counts.entry(credential.to_owned()).or_insert(1),
        };
        let remaining = LIMIT.saturating_sub(used).max(1);
        for (name, number) in [
            ("x-ratelimit-limit", LIMIT),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", started + WINDOW),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
        }
    }
}
