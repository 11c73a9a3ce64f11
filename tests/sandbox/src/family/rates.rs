//! How often each credential has called, and the limits that the control plane sets.

use std::collections::HashMap;

use hyper::HeaderMap;
use hyper::header::HeaderName;
use serde::Deserialize;
use serde_json::Value;

use super::Family;

/// The open limit, in a window of a minute that begins with the clock's.
const OPEN: u64 = 100_000;
const MINUTE: u64 = 60_000;

/// One limit: so many requests in a fixed window, which begins with the first of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    #[serde(rename = "limit")]
    requests: u64,
    /// Seconds.
    window: u64,
    /// Only requests of this class.
    class: Option<String>,
    #[serde(skip)]
    counts: HashMap<String, Window>,
}

#[derive(Debug, Clone, Default)]
struct Window {
    end: u64,
    used: u64,
}

/// `limits` of the control plane.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsCall {
    family: Family,
    limits: Value,
    tier: Option<String>,
}

/// Whose request it is, and of which class.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) class: &'static str,
    pub(super) name: String,
}

/// Where a caller stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    limit: u64,
    remaining: u64,
    /// Milliseconds since the epoch.
    end: u64,
    /// Whole seconds to wait, when the request is one too many.
    pub(super) wait: Option<u64>,
}

/// What each credential has used.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// The end of the open window.
    end: u64,
    used: [HashMap<String, u64>; Family::ALL.len()],
    limits: [Vec<Limit>; Family::ALL.len()],
}

impl Rates {
    /// Sets a family's limits; what was counted is forgotten.
    pub(crate) fn limit(&mut self, call: LimitsCall) -> Result<(), String> {
        let LimitsCall { family, limits, tier } = call;
        let limits: Vec<Limit> = match (limits.as_str(), tier.as_deref()) {
            (Some("published"), tier) => published(family, tier)?,
            (_, Some(_)) => return Err("tier: only published limits have one".to_owned()),
            (Some("open"), None) => Vec::new(),
            (_, None) => serde_json::from_value(limits).map_err(|problem| format!("limits: {problem}"))?,
        };
        for limit in &limits {
            if limit.window == 0 {
                return Err("limits: a window is at least a second".to_owned());
            }
            if let Some(class) = &limit.class
                && !family.classes().contains(&class.as_str())
            {
                return Err(format!("limits: {} has no class `{class}`", family.name()));
            }
        }
        self.limits[family as usize] = limits;
        Ok(())
    }

    /// Whether a family's limits have been set.
    pub(super) fn is_limited(&self, family: Family) -> bool {
        !self.limits[family as usize].is_empty()
    }

    /// Counts a request against the open limit.
    pub(super) fn count(&mut self, family: Family, credential: &str, now: u64) -> Tally {
        let end = now - now % MINUTE + MINUTE;
        if end != self.end {
            self.end = end;
            self.used = Default::default();
        }
        let counts = &mut self.used[family as usize];
        let used = match counts.get_mut(credential) {
            Some(used) => {
                *used += 1;
                *used
            }
            None => *counts.entry(credential.to_owned()).or_insert(1),
        };
        Tally { limit: OPEN, remaining: OPEN.saturating_sub(used).max(1), end, wait: None }
    }

    /// Counts a request against all limits of its class, unless one of them has no room. `None`
    /// when there is no such limit.
    pub(super) fn admit(&mut self, family: Family, caller: &Caller, now: u64) -> Option<Tally> {
        let applies = |limit: &&mut Limit| limit.class.as_deref().is_none_or(|class| class == caller.class);
        let limits = self.limits[family as usize].iter_mut().filter(applies);
        let mut windows: Vec<_> = limits.map(|limit| (limit.requests, limit.window(&caller.name, now))).collect();
        let is_full = windows.iter().any(|(limit, window)| window.used >= *limit);
        if !is_full {
            for (_, window) in &mut windows {
                window.used += 1;
            }
        }
        let tally = |(limit, window): (u64, &mut Window)| Tally {
            limit,
            remaining: limit.saturating_sub(window.used),
            end: window.end,
            wait: (is_full && window.used >= limit).then(|| (window.end - now).div_ceil(1_000)),
        };
        let tallies = windows.into_iter().map(tally);
        tallies.min_by_key(|tally| (tally.remaining, std::cmp::Reverse(tally.wait)))
    }
}

impl Limit {
    fn of(requests: u64, window: u64, class: Option<&str>) -> Self {
        Self { requests, window, class: class.map(str::to_owned), counts: HashMap::new() }
    }

    fn window(&mut self, name: &str, now: u64) -> &mut Window {
        let length = self.window.saturating_mul(1_000);
        let window = self.counts.entry(name.to_owned()).or_default();
        if window.end <= now || window.end > now.saturating_add(length) {
            *window = Window { end: now.saturating_add(length), used: 0 };
        }
        window
    }
}

impl Tally {
    /// Epoch seconds at which the window is over.
    pub(super) fn reset(self) -> u64 {
        self.end.div_ceil(1_000)
    }

    /// The three headers.
    pub(super) fn publish(self, headers: &mut HeaderMap) {
        for (name, number) in [
            ("x-ratelimit-limit", self.limit),
            ("x-ratelimit-remaining", self.remaining),
            ("x-ratelimit-reset", self.reset()),
        ] {
            headers.insert(HeaderName::from_static(name), number.into());
        }
    }
}

/// The limits that a family's documentation states.
fn published(family: Family, tier: Option<&str>) -> Result<Vec<Limit>, String> {
    let hour = 3_600;
    Ok(match (family, tier) {
        (Family::Linktor, None) => vec![
            Limit::of(10, 60, Some("authentication")),
            Limit::of(100, 60, Some("messages")),
            Limit::of(60, 60, Some("other")),
        ],
        (Family::Libromi, None | Some("free")) => vec![Limit::of(1_000, hour, None), Limit::of(100, 60, None)],
        (Family::Libromi, Some("paid")) => vec![Limit::of(10_000, hour, None), Limit::of(100, 60, None)],
        (Family::ApiV2, None) => {
            let each = [("api_key", 10_000, 100), ("oauth", 5_000, 50), ("jwt", 10_000, 100), ("anonymous", 100, 5)];
            let two = |(class, an_hour, a_second)| {
                [Limit::of(an_hour, hour, Some(class)), Limit::of(a_second, 1, Some(class))]
            };
            each.into_iter().flat_map(two).collect()
        }
        (Family::ApiV1, None | Some("free")) => vec![Limit::of(1_000, hour, None), Limit::of(50, 60, None)],
        (Family::ApiV1, Some("pro")) => vec![Limit::of(10_000, hour, None), Limit::of(200, 60, None)],
        (Family::ApiV1, Some("enterprise")) => vec![Limit::of(1_000, 60, None)],
        (Family::Linkit, None) => return Err("limits: linkit publishes none".to_owned()),
        (_, Some(tier)) => return Err(format!("tier: {} has no `{tier}`", family.name())),
    })
}
