//! Signature schemes as data: which header holds what, what is signed, and where an
//! event's fields are.

use std::convert::Infallible;

use http::HeaderName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::header::is_visible;
use crate::provider::{Provider, texts};

/// How a sender signs its deliveries, and where their events say what.
///
/// Plain data: besides the schemes by name there is one for every sender that somebody
/// describes, as a JSON document or in code. A verifier has exactly one scheme, since a
/// signature that is right under one may be captured and pass as another under a second.
///
/// ```
/// use linktor::webhook::{self, Scheme, Signature};
///
/// let scheme = Scheme::new(Signature::Hmac {
///     header: "X-Acme-Signature".to_owned(),
///     prefix: Some("sha256=".to_owned()),
///     prefix_optional: false,
///     timestamp_header: Some("X-Acme-Timestamp".to_owned()),
/// });
/// let body = br#"{"id":"evt_1","type":"parcel.sent","data":{"weight":2}}"#;
/// let headers = webhook::sign(&scheme, body, "invented-secret", &webhook::SignOptions::default())?;
///
/// let event = webhook::verify(&scheme, &body[..], &headers, "invented-secret")?;
/// assert_eq!(event.id(), Some("evt_1"));
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scheme {
    /// How a delivery is signed.
    pub signature: Signature,
    /// Where an event's fields are.
    #[serde(default)]
    pub event: EventFields,
}

/// How a delivery is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Signature {
    /// Hex HMAC-SHA256 (RFC 2104) of the body, or of `<timestamp>.<body>`.
    Hmac {
        /// The header that holds the signature.
        header: String,
        /// What stands before the hex digits. Default: nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
        /// Whether the prefix may be missing.
        #[serde(default)]
        prefix_optional: bool,
        /// The header that holds the time of the delivery in epoch seconds, which is
        /// signed too. Without it nothing says when the delivery was made, and whoever
        /// captures one can send it again whenever he likes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timestamp_header: Option<String>,
    },
    /// Standard Webhooks 1.0 (<https://www.standardwebhooks.com>): the signature of
    /// `<id>.<timestamp>.<body>`, in a list with others.
    StandardWebhooks {
        /// Which of the listed signatures count. Default: `v1`.
        #[serde(default)]
        version: Version,
        /// The header that holds the event's id. Default: `webhook-id`.
        #[serde(default = "webhook_id")]
        id_header: String,
        /// The header that holds the time of the delivery in epoch seconds. Default:
        /// `webhook-timestamp`.
        #[serde(default = "webhook_timestamp")]
        timestamp_header: String,
        /// The header that holds the signatures. Default: `webhook-signature`.
        #[serde(default = "webhook_signature")]
        signature_header: String,
    },
}

/// A kind of signature of Standard Webhooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// HMAC-SHA256, with a secret (`whsec_…`) that both sides know.
    #[default]
    V1,
    /// Ed25519 (RFC 8032): the sender's key (`whsk_…`) signs, its public one (`whpk_…`)
    /// verifies.
    V1a,
}

/// Where an event's fields are: the first of several places that holds something.
///
/// A place that is empty or begins with `/` is a JSON pointer (RFC 6901) into the body;
/// any other is the name of a header. A header that the scheme does not sign can be
/// anything that whoever captured a delivery likes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EventFields {
    /// The event's id, by which redeliveries are known. Default: `/id`, or for Standard
    /// Webhooks the signed id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Vec<String>>,
    /// Its type. Default: `/type`.
    #[serde(rename = "type")]
    pub event_type: Vec<String>,
    /// When it happened. Default: `/timestamp`, `/created_at`.
    pub timestamp: Vec<String>,
    /// The organization or tenant that it belongs to. Default: nowhere.
    pub organization: Vec<String>,
    /// Its data, which is in the body. Default: `/data`, or the whole body.
    pub data: Vec<String>,
}

impl Default for EventFields {
    fn default() -> Self {
        Self {
            id: None,
            event_type: texts(&["/type"]),
            timestamp: texts(&["/timestamp", "/created_at"]),
            organization: Vec::new(),
            data: texts(&["/data", ""]),
        }
    }
}

impl Scheme {
    /// A scheme of your own, whose events have their fields where most have them.
    pub fn new(signature: Signature) -> Self {
        Self { signature, event: EventFields::default() }
    }

    /// Linktor's timestamped scheme, its default: `X-Linktor-Signature` is the HMAC of
    /// `<X-Linktor-Timestamp>.<body>`, bare or after `sha256=`.
    ///
    /// **It resists replay**: a captured delivery is good for the tolerance (300 s) and no
    /// longer, and within it a deduplicator knows the event.
    pub fn linktor() -> Self {
        Self {
            signature: Signature::Hmac {
                header: "X-Linktor-Signature".to_owned(),
                prefix: Some("sha256=".to_owned()),
                prefix_optional: true,
                timestamp_header: Some("X-Linktor-Timestamp".to_owned()),
            },
            event: Self::linktor_event(),
        }
    }

    /// Linktor's other published scheme: `X-Linktor-Signature` is the HMAC of the body
    /// alone.
    ///
    /// **It does not resist replay**: `X-Linktor-Timestamp` comes along, but nothing signs
    /// it, so it proves nothing and is not read. Whoever captures a delivery can send it
    /// again at any time; only a deduplicator that remembers the event stops him.
    pub fn linktor_body() -> Self {
        Self { signature: Signature::hmac("X-Linktor-Signature", None), event: Self::linktor_event() }
    }

    fn linktor_event() -> EventFields {
        EventFields {
            timestamp: texts(&["/timestamp"]),
            organization: texts(&["/tenantId"]),
            data: texts(&["/data"]),
            ..EventFields::default()
        }
    }

    /// Libromi Connect: `x-libromi-signature` is the HMAC of the body. Its events have
    /// neither id nor time, so redeliveries cannot be known. Live deliveries that are
    /// not signed do not pass.
    pub fn libromi() -> Self {
        let event = EventFields {
            id: Some(Vec::new()),
            timestamp: Vec::new(),
            data: texts(&["/data"]),
            ..EventFields::default()
        };
        Self { signature: Signature::hmac("x-libromi-signature", None), event }
    }

    /// The documented API, version 1: `X-Webhook-Signature` is `sha256=` and the HMAC of
    /// the body. `X-Webhook-Id` is the subscription's, not the event's.
    pub fn api_v1() -> Self {
        let event =
            EventFields { timestamp: texts(&["/created_at"]), data: texts(&["/data"]), ..EventFields::default() };
        Self { signature: Signature::hmac("X-Webhook-Signature", Some("sha256=")), event }
    }

    /// The documented API, version 2: `x-webhook-signature` is the HMAC of the body. What
    /// its events look like, its page does not say: here as in version 1.
    pub fn api_v2() -> Self {
        let event = EventFields {
            timestamp: texts(&["/created_at", "/timestamp"]),
            data: texts(&["/data"]),
            ..EventFields::default()
        };
        Self { signature: Signature::hmac("x-webhook-signature", None), event }
    }

    /// Standard Webhooks 1.0 with a shared secret (`v1`, `whsec_…`).
    pub fn standard_webhooks() -> Self {
        Self::standard(Version::V1)
    }

    /// Standard Webhooks 1.0 with a key pair (`v1a`, `whpk_…`): a receiver that is broken
    /// into cannot sign.
    pub fn standard_webhooks_v1a() -> Self {
        Self::standard(Version::V1a)
    }

    fn standard(version: Version) -> Self {
        let (id_header, timestamp_header) = (webhook_id(), webhook_timestamp());
        let event = EventFields {
            timestamp: vec!["/timestamp".to_owned(), timestamp_header.clone()],
            data: texts(&["/data"]),
            ..EventFields::default()
        };
        let signature_header = webhook_signature();
        Self {
            signature: Signature::StandardWebhooks { version, id_header, timestamp_header, signature_header },
            event,
        }
    }

    /// `X-Hub-Signature-256`, as GitHub and Meta send it: `sha256=` and the HMAC of the
    /// body. Id and type are GitHub's headers `X-GitHub-Delivery` and `X-GitHub-Event`,
    /// which nothing signs; the data is the whole body.
    pub fn x_hub_signature_256() -> Self {
        let event = EventFields {
            id: Some(texts(&["X-GitHub-Delivery"])),
            event_type: texts(&["X-GitHub-Event"]),
            timestamp: Vec::new(),
            organization: Vec::new(),
            data: texts(&[""]),
        };
        Self { signature: Signature::hmac("X-Hub-Signature-256", Some("sha256=")), event }
    }

    /// One of the schemes by name: `linktor`, `linktor_body`, `libromi`, `api_v1`,
    /// `api_v2`, `standard_webhooks`, `standard_webhooks_v1a`, `x_hub_signature_256`.
    ///
    /// Any other name is a `config` error, and so is `linkit`, which publishes none.
    pub fn named(name: &str) -> Result<Self, Error> {
        match name {
            "linktor_body" => Ok(Self::linktor_body()),
            "standard_webhooks" => Ok(Self::standard_webhooks()),
            "standard_webhooks_v1a" => Ok(Self::standard_webhooks_v1a()),
            "x_hub_signature_256" => Ok(Self::x_hub_signature_256()),
            "linktor" | "linkit" | "libromi" | "api_v1" | "api_v2" => Self::try_from(&Provider::named(name)?),
            // Not shown: where a name is due and a secret is given, it is one.
            _ => Err(Error::config(
                "there is no webhook scheme of this name; there are linktor, linktor_body, libromi, api_v1, api_v2, \
                 standard_webhooks, standard_webhooks_v1a and x_hub_signature_256, or give a scheme of your own",
            )),
        }
    }

    /// A scheme of your own from its JSON document, whose fields are those of this type.
    /// Anything unknown in it is a `config` error.
    ///
    /// ```
    /// let scheme = linktor::webhook::Scheme::from_json(r#"{
    ///     "signature": {"kind": "hmac", "header": "X-Acme-Signature", "prefix": "sha256="},
    ///     "event": {"id": ["/delivery"], "type": ["X-Acme-Event"], "data": [""]}
    /// }"#)?;
    /// # Ok::<(), linktor::Error>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let document: Value = serde_json::from_str(json).map_err(|error| unreadable(&error))?;
        // A list would be read by the order of the fields.
        if ["", "/signature", "/event"]
            .iter()
            .any(|place| document.pointer(place).is_some_and(|part| !part.is_object()))
        {
            return Err(Error::config("the webhook scheme, its signature and its event must be JSON objects"));
        }
        let scheme = Self::deserialize(document).map_err(|error| unreadable(&error))?;
        scheme.check()?;
        Ok(scheme)
    }

    /// A `config` error if it names no header where it must, or one twice.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::config(format!("webhook scheme: {what}")));
        let mut roles = Vec::new();
        for header in self.signature.headers() {
            let Ok(header) = HeaderName::from_bytes(header.as_bytes()) else {
                return wrong(format!("`{}` is no name of a header", header.escape_default()));
            };
            if roles.contains(&header) {
                return wrong(format!("`{header}` cannot hold two things"));
            }
            roles.push(header);
        }
        if let Signature::Hmac { prefix, prefix_optional, .. } = &self.signature {
            if prefix.as_ref().is_some_and(|prefix| !is_visible(prefix)) {
                return wrong("prefix must be of visible ASCII characters; leave it out if there is none".to_owned());
            }
            if *prefix_optional && prefix.is_none() {
                return wrong("prefix_optional without a prefix".to_owned());
            }
        }
        let fields = &self.event;
        let id = fields.id.as_deref().unwrap_or_default();
        for place in [id, &fields.event_type, &fields.timestamp, &fields.organization].into_iter().flatten() {
            if !is_pointer(place) && HeaderName::from_bytes(place.as_bytes()).is_err() {
                return wrong(format!(
                    "`{}` is neither a JSON pointer nor the name of a header",
                    place.escape_default()
                ));
            }
        }
        match fields.data.iter().find(|place| !is_pointer(place)) {
            Some(place) => wrong(format!("`{}` is no JSON pointer, and data is in the body", place.escape_default())),
            None => Ok(()),
        }
    }
}

impl Signature {
    fn hmac(header: &str, prefix: Option<&str>) -> Self {
        Self::Hmac {
            header: header.to_owned(),
            prefix: prefix.map(str::to_owned),
            prefix_optional: false,
            timestamp_header: None,
        }
    }

    /// The headers that it reads.
    fn headers(&self) -> Vec<&str> {
        match self {
            Self::Hmac { header, timestamp_header, .. } => {
                std::iter::once(header.as_str()).chain(timestamp_header.as_deref()).collect()
            }
            Self::StandardWebhooks { id_header, timestamp_header, signature_header, .. } => {
                vec![id_header, timestamp_header, signature_header]
            }
        }
    }
}

impl TryFrom<&str> for Scheme {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self, Error> {
        Self::named(name)
    }
}

impl TryFrom<String> for Scheme {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::named(&name)
    }
}

impl TryFrom<&Provider> for Scheme {
    type Error = Error;

    fn try_from(provider: &Provider) -> Result<Self, Error> {
        provider.webhook.clone().ok_or_else(|| {
            Error::config(format!(
                "`{}` publishes no webhook signature; if you know how its deliveries are signed, give a scheme of \
                 your own",
                provider.name.escape_default()
            ))
        })
    }
}

impl From<&Self> for Scheme {
    fn from(scheme: &Self) -> Self {
        scheme.clone()
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Names fields and never values: what is given by mistake may be a secret.
fn unreadable(error: &serde_json::Error) -> Error {
    let told = error.to_string();
    let is_of_fields = ["unknown field", "missing field", "duplicate field"].iter().any(|what| told.starts_with(what));
    let what = if is_of_fields { told.as_str() } else { "it is not JSON, or a value in it is not of its type" };
    Error::config(format!("the webhook scheme cannot be read: {what}"))
}

/// Whether a place is in the body, and no header.
pub(super) fn is_pointer(place: &str) -> bool {
    let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
    place.is_empty() || (place.starts_with('/') && place.split('~').skip(1).all(is_escaped))
}

fn webhook_id() -> String {
    "webhook-id".to_owned()
}

fn webhook_timestamp() -> String {
    "webhook-timestamp".to_owned()
}

fn webhook_signature() -> String {
    "webhook-signature".to_owned()
}
