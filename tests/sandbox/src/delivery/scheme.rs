//! What differs between senders: names, secrets, headers, and when they try again.

use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Deserialize;

use super::event::Event;
use crate::fixtures;

/// The subscription that `api_v1` delivers for: a row of its `/webhooks`.
const SUBSCRIPTION: &str = "wh_1";

/// Who sends, and so how it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Scheme {
    Linktor,
    LinktorBody,
    Libromi,
    ApiV1,
    ApiV2,
    StandardWebhooks,
    XHubSignature256,
}

impl Scheme {
    const ALL: [Self; 7] = [
        Self::Linktor,
        Self::LinktorBody,
        Self::Libromi,
        Self::ApiV1,
        Self::ApiV2,
        Self::StandardWebhooks,
        Self::XHubSignature256,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Linktor => "linktor",
            Self::LinktorBody => "linktor_body",
            Self::Libromi => "libromi",
            Self::ApiV1 => "api_v1",
            Self::ApiV2 => "api_v2",
            Self::StandardWebhooks => "standard_webhooks",
            Self::XHubSignature256 => "x_hub_signature_256",
        }
    }

    /// The `webhook_secret` of the ready line.
    pub(super) fn secret(self) -> &'static str {
        match self {
            Self::Linktor | Self::LinktorBody => fixtures::LINKTOR_WEBHOOK_SECRET,
            Self::Libromi => fixtures::LIBROMI_WEBHOOK_SECRET,
            Self::ApiV1 => fixtures::API_V1_WEBHOOK_SECRET,
            Self::ApiV2 => fixtures::API_V2_WEBHOOK_SECRET,
            Self::StandardWebhooks => fixtures::STANDARD_WEBHOOKS_SECRET,
            Self::XHubSignature256 => fixtures::X_HUB_SIGNATURE_256_SECRET,
        }
    }

    pub(super) fn signs_time(self) -> bool {
        matches!(self, Self::Linktor | Self::StandardWebhooks)
    }

    /// Whether a receiver can tell one event from another.
    pub(super) fn identifies(self) -> bool {
        self != Self::Libromi
    }

    /// The seconds after which a delivery is made again, for as long as it is not received.
    pub(super) fn delays(self) -> &'static [u32] {
        match self {
            Self::Libromi => &[],
            _ => &[60, 300, 1_800, 3_600, 21_600],
        }
    }

    /// The headers of one delivery; `time` is in seconds.
    ///
    /// Fails when the event's type cannot be a header's value.
    pub(super) fn headers(self, event: &Event, time: u64, signature: Option<String>) -> Result<HeaderMap, String> {
        let kind = || Some(event.kind.clone());
        let (signed, others) = match self {
            Self::Linktor | Self::LinktorBody => {
                ("x-linktor-signature", [("x-linktor-timestamp", Some(time.to_string())), NONE])
            }
            Self::Libromi => ("x-libromi-signature", [NONE, NONE]),
            Self::ApiV1 => {
                ("x-webhook-signature", [("x-webhook-id", Some(SUBSCRIPTION.to_owned())), ("x-webhook-event", kind())])
            }
            Self::ApiV2 => ("x-webhook-signature", [NONE, NONE]),
            Self::StandardWebhooks => (
                "webhook-signature",
                [("webhook-id", Some(event.id.clone())), ("webhook-timestamp", Some(time.to_string()))],
            ),
            Self::XHubSignature256 => {
                ("x-hub-signature-256", [("x-github-delivery", Some(event.id.clone())), ("x-github-event", kind())])
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in others.into_iter().chain([(signed, signature)]) {
            if let Some(value) = value {
                let value = HeaderValue::from_bytes(value.as_bytes())
                    .map_err(|_| format!("event: {name} cannot have this value"))?;
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Ok(headers)
    }
}

const NONE: (&str, Option<String>) = ("", None);

impl TryFrom<String> for Scheme {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if let Some(scheme) = Self::ALL.into_iter().find(|scheme| scheme.name() == name) {
            return Ok(scheme);
        }
        Err(match name.as_str() {
            "linkit" => "family: linkit publishes no webhooks".to_owned(),
            _ => format!("family: `{name}` is none of {}", Self::ALL.map(Self::name).join(", ")),
        })
    }
}
