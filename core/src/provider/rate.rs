//! How a family counts requests, and what it says it allows.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CredentialKind, Provider, Route};
use crate::error::Error;

/// The class of requests that no rule names.
pub(crate) const OTHER: &str = "other";
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// How requests are counted: in classes, each by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RateRules {
    /// The classes, of which the first that has the request takes it. Requests that none
    /// has are of the class `other`.
    pub classes: Vec<RateClass>,
    /// Published limits by the name of their tier, for the option `limits`.
    pub tiers: BTreeMap<String, Vec<Limit>>,
    /// The tier of a client that names none.
    pub default_tier: DefaultTier,
}

/// Requests that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RateClass {
    /// Its name.
    pub name: String,
    /// Its requests.
    pub routes: Vec<Route>,
}

impl RateClass {
    /// A class of these requests.
    pub fn new(name: impl Into<String>, routes: Vec<Route>) -> Self {
        Self { name: name.into(), routes }
    }
}

/// The tier of a client that names none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DefaultTier {
    /// There is none: whoever wants proactive pacing names one, or limits of their own.
    #[default]
    None,
    /// This one.
    Named(String),
    /// The one that is called as the credential's kind: `api_key`, `jwt`, `anonymous`, and
    /// `oauth` for every other token.
    Credential,
}

/// So many requests in a window of time.
///
/// ```
/// use std::time::Duration;
/// use linktor::{Client, Limit, Pacing};
///
/// let client = Client::builder()
///     .api_key("lk_invented")
///     .pacing(Pacing::Proactive)
///     .limits([
///         Limit::new(30, Duration::from_secs(60)),
///         Limit::new(5, Duration::from_secs(1)).of_class("messages"),
///     ])
///     .build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Limit {
    /// How many requests.
    pub limit: u64,
    /// In how long a time, in seconds as JSON.
    #[serde(serialize_with = "to_seconds", deserialize_with = "from_seconds")]
    pub window: Duration,
    /// The class that it holds for. None: all classes together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

impl Limit {
    /// A limit for all requests together.
    pub fn new(limit: u64, window: Duration) -> Self {
        Self { limit, window, class: None }
    }

    /// The same for one class of requests.
    #[must_use]
    pub fn of_class(mut self, class: impl Into<String>) -> Self {
        self.class = Some(class.into());
        self
    }
}

/// What a client is to keep to: a tier of the provider's, or limits of one's own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Limits {
    /// A tier that the provider names.
    Tier(String),
    /// One's own; all of them hold at once.
    Own(Vec<Limit>),
}

impl From<&str> for Limits {
    fn from(tier: &str) -> Self {
        Self::Tier(tier.to_owned())
    }
}

impl From<String> for Limits {
    fn from(tier: String) -> Self {
        Self::Tier(tier)
    }
}

impl From<Vec<Limit>> for Limits {
    fn from(limits: Vec<Limit>) -> Self {
        Self::Own(limits)
    }
}

impl<const N: usize> From<[Limit; N]> for Limits {
    fn from(limits: [Limit; N]) -> Self {
        Self::Own(limits.into())
    }
}

impl RateRules {
    pub(crate) fn class_names(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(|class| class.name.as_str()).chain([OTHER])
    }

    /// The place in [`class_names`](Self::class_names) of a request's class.
    pub(crate) fn class_of(&self, method: &Method, path: &str) -> usize {
        let has = |class: &RateClass| class.routes.iter().any(|route| route.matches(method, path));
        self.classes.iter().position(has).unwrap_or(self.classes.len())
    }

    /// The place of the class of this name.
    pub(crate) fn class_named(&self, name: &str) -> Option<usize> {
        self.class_names().position(|known| known == name)
    }
}

impl Provider {
    /// The limits of a client with this kind of credential (`None`: without one); an
    /// empty list if nothing is known of them.
    pub(crate) fn limits(&self, wanted: Option<&Limits>, kind: Option<CredentialKind>) -> Result<Vec<Limit>, Error> {
        let rules = &self.rate;
        let by_credential = || match kind {
            None => "anonymous",
            Some(CredentialKind::ApiKey) => "api_key",
            Some(CredentialKind::Jwt) => "jwt",
            Some(_) => "oauth",
        };
        let tier = match (wanted, &rules.default_tier) {
            (Some(Limits::Own(limits)), _) => {
                self.check_limits(limits).map_err(|problem| Error::config(format!("limits: {problem}")))?;
                return Ok(limits.clone());
            }
            (Some(Limits::Tier(tier)), _) | (None, DefaultTier::Named(tier)) => tier,
            (None, DefaultTier::Credential) => by_credential(),
            (None, DefaultTier::None) => return Ok(Vec::new()),
        };
        rules.tiers.get(tier).cloned().ok_or_else(|| {
            let known = rules.tiers.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let there = if known.is_empty() { "none".to_owned() } else { known };
            Error::config(format!(
                "limits: provider `{}` has no tier `{}`; there are {there}, or give limits of your own",
                self.name,
                tier.escape_default(),
            ))
        })
    }

    /// What is wrong with them, if anything is.
    pub(super) fn check_limits(&self, limits: &[Limit]) -> Result<(), String> {
        if limits.is_empty() {
            return Err("give at least one".to_owned());
        }
        for Limit { limit, window, class } in limits {
            if *limit == 0 {
                return Err("a limit must be at least 1".to_owned());
            }
            if window.is_zero() || *window > LONGEST {
                return Err("a window must be more than zero, and at most a year".to_owned());
            }
            if let Some(class) = class
                && self.rate.class_named(class).is_none()
            {
                return Err(self.unknown_class(class));
            }
        }
        Ok(())
    }

    pub(crate) fn unknown_class(&self, class: &str) -> String {
        let known = self.rate.class_names().collect::<Vec<_>>().join(", ");
        format!("provider `{}` has no class `{}`; there are {known}", self.name, class.escape_default())
    }
}

fn to_seconds<S: Serializer>(window: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(window.as_secs_f64())
}

fn from_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| serde::de::Error::custom("window must be a number of seconds"))
}

/// Limits that hold for all classes together.
pub(super) fn limits(each: &[(u64, u64)]) -> Vec<Limit> {
    each.iter().map(|&(limit, seconds)| Limit::new(limit, Duration::from_secs(seconds))).collect()
}
