//! An event of the core's observer as it crosses the waist: one record, the same for every
//! language.

use std::time::Duration;

use linktor::{Call, ErrorKind, Event, Outcome, WaitReason};
use serde::Serialize;

/// What happened. What is not known of it is left out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EventRecord {
    /// Its name: that of the core's variant, in snake case.
    pub event: &'static str,
    /// The provider's name.
    pub provider: String,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The request id, the same through all attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Which attempt it is, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How many attempts were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The status, if the server answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The kind of failure, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorKind>,
    /// What a wait is for: `rate_limit`, `retry_after` or `backoff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Seconds that a wait is expected to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
    /// Seconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<f64>,
}

impl EventRecord {
    /// The record as a JSON object.
    pub fn to_json(&self) -> String {
        // A record of texts and numbers always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Nothing of an event that this waist does not know.
    pub(crate) fn of(event: &Event<'_>) -> Option<Self> {
        let of = |event, call: &Call<'_>| Self {
            event,
            provider: call.provider.to_owned(),
            method: Some(call.method.to_owned()),
            path: Some(call.path.to_owned()),
            request_id: Some(call.request_id.to_owned()),
            ..Self::default()
        };
        let session = |event, provider: &str| Self { event, provider: provider.to_owned(), ..Self::default() };
        Some(match event {
            Event::CallStarted { call } => of("call_started", call),
            Event::RenewalStarted { call } => of("renewal_started", call),
            Event::RenewalEnded { call, error } => Self { error: *error, ..of("renewal_ended", call) },
            Event::TokensUnsaved { call } => of("tokens_unsaved", call),
            Event::TokenStoreUnlocked { provider } => session("token_store_unlocked", provider),
            Event::SessionRenewing { provider } => session("session_renewing", provider),
            Event::SessionRenewed { provider } => session("session_renewed", provider),
            Event::AttemptStarted { call, attempt } => Self { attempt: Some(*attempt), ..of("attempt_started", call) },
            Event::AttemptEnded { call, attempt, outcome, elapsed } => {
                Self { attempt: Some(*attempt), ..of("attempt_ended", call).ended(*outcome, *elapsed) }
            }
            Event::WaitStarted { call, reason, expected } => {
                Self { reason: name(*reason), expected: Some(expected.as_secs_f64()), ..of("wait_started", call) }
            }
            Event::WaitEnded { call, reason, elapsed } => {
                Self { reason: name(*reason), elapsed: Some(elapsed.as_secs_f64()), ..of("wait_ended", call) }
            }
            Event::CallEnded { call, outcome, attempts, elapsed } => {
                Self { attempts: Some(*attempts), ..of("call_ended", call).ended(*outcome, *elapsed) }
            }
            _ => return None,
        })
    }

    fn ended(self, outcome: Outcome, elapsed: Duration) -> Self {
        Self { status: outcome.status, error: outcome.error, elapsed: Some(elapsed.as_secs_f64()), ..self }
    }
}

fn name(reason: WaitReason) -> Option<&'static str> {
    match reason {
        WaitReason::RateLimit => Some("rate_limit"),
        WaitReason::RetryAfter => Some("retry_after"),
        WaitReason::Backoff => Some("backoff"),
        _ => None,
    }
}
