//! The call as it is written, and what it must be before anything is sent.

use serde::Deserialize;
use serde_json::Value;

use super::event::Event;
use super::scheme::Scheme;
use super::sending::Target;
use super::signing::Key;

/// Each of them may take six deliveries, and each of these ten seconds.
const MOST: u32 = 1_000;

/// How a delivery is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tamper {
    Body,
    Signature,
    Timestamp,
    Stale,
    Secret,
    Unsigned,
}

/// A call that can be made.
pub(super) struct Call {
    pub(super) scheme: Scheme,
    pub(super) target: Target,
    pub(super) key: Key,
    pub(super) tamper: Option<Tamper>,
    pub(super) times: u32,
    kind: String,
    data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    family: Scheme,
    url: String,
    event: String,
    #[serde(default, deserialize_with = "crate::script::present")]
    data: Option<Value>,
    secret: Option<String>,
    tamper: Option<Tamper>,
    times: Option<u32>,
}

impl Call {
    pub(super) fn read(with: Value) -> Result<Self, String> {
        let written: Written = serde_json::from_value(with).map_err(|problem| problem.to_string())?;
        let Written { family: scheme, tamper, .. } = written;
        if matches!(tamper, Some(Tamper::Timestamp | Tamper::Stale)) && !scheme.signs_time() {
            return Err(format!("tamper: {} signs no timestamp", scheme.name()));
        }
        let times = written.times.unwrap_or(1);
        if !(1..=MOST).contains(&times) {
            return Err(format!("times: from 1 to {MOST}"));
        }
        let secret = written.secret.as_deref().unwrap_or(scheme.secret());
        let key = Key::of(scheme, secret, tamper == Some(Tamper::Secret))?;
        let target = Target::of(&written.url)?;
        let call = Self { scheme, target, key, tamper, times, kind: written.event, data: written.data };
        // A type that no header can hold is refused before the first delivery.
        scheme.headers(&call.event(0), 0, None)?;
        Ok(call)
    }

    /// The event, happening at `now` (milliseconds).
    pub(super) fn event(&self, now: u64) -> Event {
        Event::new(self.scheme, &self.kind, self.data.clone(), now)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(fields: Value) -> String {
        let mut call = json!({"family": "linktor", "url": "http://127.0.0.1:9/", "event": "message.received"});
        for (name, value) in fields.as_object().unwrap() {
            call[name] = value.clone();
        }
        Call::read(call).err().unwrap_or_default()
    }

    #[test]
    fn what_cannot_be_delivered_is_refused_with_its_reason() {
        for (fields, reason) in [
            (json!({"family": "linkit"}), "linkit publishes no webhooks"),
            (json!({"family": "linkedin"}), "`linkedin` is none of linktor, linktor_body"),
            (json!({"url": "https://127.0.0.1/"}), "https"),
            (json!({"tamper": "all"}), "unknown variant `all`"),
            (json!({"tamper": "stale", "family": "linktor_body"}), "linktor_body signs no timestamp"),
            (json!({"tamper": "timestamp", "family": "libromi"}), "libromi signs no timestamp"),
            (json!({"times": 0}), "times"),
            (json!({"times": 1_001}), "times"),
            (json!({"times": "2"}), "invalid type"),
            (json!({"secret": ""}), "secret"),
            (json!({"secret": "not base64", "family": "standard_webhooks"}), "secret"),
            (json!({"event": "a\nb", "family": "api_v1"}), "event"),
            (json!({"event": null}), "invalid type"),
            (json!({"evnt": "a"}), "unknown field `evnt`"),
        ] {
            let message = refusal(fields.clone());
            assert!(message.contains(reason), "{fields}: {message}");
        }
        assert_eq!(refusal(json!({"event": "a\nb"})), "");
        assert_eq!(refusal(json!({"event": "\u{e9}", "family": "api_v1", "data": null, "times": 1_000})), "");
    }

    #[test]
    fn a_refusal_never_shows_the_secret() {
        let message = refusal(json!({"secret": "whsec_%marker%", "family": "standard_webhooks"}));
        assert!(!message.contains("marker"), "{message}");
    }
}
