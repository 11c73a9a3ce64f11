//! The client, and the three ways in which its functions end.

use std::sync::Arc;

use linktor_bridge::{AuthCall, CallOptions, Error, ErrorRecord};

use crate::item::{RateLimit, Span};
use crate::port;

/// A client of one API.
#[derive(Debug, uniffi::Object)]
pub struct Client(linktor_bridge::Client);

#[uniffi::export]
impl Client {
    /// Makes a client from its options as a JSON object.
    #[uniffi::constructor]
    pub fn new(options: &str) -> Result<Arc<Self>, Failure> {
        let client = linktor_bridge::Client::new(options, "go", port::get()?)?;
        Ok(Arc::new(Self(client)))
    }

    /// A handle for another organization.
    pub fn with_organization(&self, id: &str) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(self.0.with_organization(id)?)))
    }

    /// A handle with a credential of its own, given as those of `new`.
    pub fn with_credentials(&self, options: &str) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(self.0.with_credentials(options, port::get()?)?)))
    }

    /// The id that its questions name.
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// Starts a call; its completion comes out of `drain` under the id that is returned.
    pub fn submit(&self, method: &str, path: &str, options: &str, body: &[u8]) -> Result<u64, Failure> {
        let (request, within) = CallOptions::from_json(options)?.request(method, path, body.to_vec())?;
        Ok(self.0.submit(port::get()?, request, within))
    }

    /// Starts an auth call, given as JSON; its completion comes out of `drain`.
    pub fn submit_auth(&self, call: &str) -> Result<u64, Failure> {
        Ok(self.0.submit_auth(port::get()?, AuthCall::from_json(call)?))
    }

    /// What is known of the session, as JSON; `null` if there is none.
    pub fn session(&self) -> String {
        self.0.session()
    }

    /// What is known of the rate limit of a class, or of that of the last answer.
    pub fn rate_limit(&self, class: Option<String>) -> Result<Option<RateLimit>, Failure> {
        Ok(self.0.rate_limit(class.as_deref())?.map(Into::into))
    }

    /// Forgets the access token.
    pub fn invalidate(&self) {
        self.0.invalidate();
    }

    /// A request for a user's consent, as JSON.
    pub fn authorize_url(&self, scopes: Vec<String>, redirect_uri: &str) -> Result<String, Failure> {
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        Ok(self.0.authorize_url(&scopes, redirect_uri)?)
    }

    /// Ends a call at once and without a completion, unless that is queued already.
    pub fn cancel(&self, id: u64) {
        self.0.cancel(id);
    }

    /// Where the payload of a success lies under the family's envelope.
    pub fn payload(&self, status: u16, body: &[u8]) -> Result<Payload, Failure> {
        Ok(match self.0.payload(status, body)? {
            linktor_bridge::Payload::Span(span) => Payload::Span { span: span.into() },
            linktor_bridge::Payload::Nothing => Payload::Nothing,
            linktor_bridge::Payload::EmptyList => Payload::EmptyList,
        })
    }

    /// Ends all calls in flight, and later ones, with `closed`.
    pub fn close(&self) {
        self.0.close();
    }
}

/// Where a payload lies.
#[derive(Debug, uniffi::Enum)]
pub enum Payload {
    /// In these bytes of the body.
    Span {
        /// Which.
        span: Span,
    },
    /// There is none.
    Nothing,
    /// A list that the server wrote as `null`.
    EmptyList,
}

/// Why a function failed.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum Failure {
    /// The SDK's error.
    #[error("{record}")]
    Record {
        /// An error record as JSON.
        record: String,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Record { record: ErrorRecord::from(&error).to_json() }
    }
}
