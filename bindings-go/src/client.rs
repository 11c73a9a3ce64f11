//! The client, and how its functions fail.

use std::sync::Arc;
use std::time::Duration;

use linktor_bridge::{AuthCall, CallOptions, Error, ErrorKind, ErrorRecord};

use crate::item::{Item, RateLimit, Span};
use crate::port;

/// How long a call is driven in the caller's thread: longer than one within a machine takes,
/// and too short to be missed where it is not.
const MOMENT: Duration = Duration::from_millis(2);

/// A client of one API.
#[derive(Debug, uniffi::Object)]
pub struct Client(linktor_bridge::Client);

#[uniffi::export]
impl Client {
    /// Makes a client from its options as a JSON object.
    #[uniffi::constructor]
    pub fn new(options: &[u8]) -> Result<Arc<Self>, Failure> {
        let client = linktor_bridge::Client::new(text("the options", options)?, "go", port::get())?;
        client.watch();
        Ok(Arc::new(Self(client)))
    }

    /// A handle for another organization.
    pub fn with_organization(&self, id: &[u8]) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(self.0.with_organization(text("the organization", id)?)?)))
    }

    /// A handle with a credential of its own, given as those of `new`.
    pub fn with_credentials(&self, options: &[u8]) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(self.0.with_credentials(text("the options", options)?, port::get())?)))
    }

    /// The id that its questions and events name.
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// Whether all events come up from here on, or only those that warn of something.
    pub fn log(&self, is_logged: bool) {
        self.0.log(is_logged);
    }

    /// Starts a call; its completion comes out of `drain` under this id, one of `ids`.
    pub fn submit(&self, id: u64, method: &[u8], path: &[u8], options: &[u8], body: &[u8]) -> Result<(), Failure> {
        let (request, within) = request(method, path, options, body)?;
        self.0.submit_as(id, port::get(), request, within);
        Ok(())
    }

    /// The same, but if nothing else is under way this thread drives the call for a moment:
    /// gives its completion, unless that is to come out of `drain`.
    pub fn call(
        &self,
        id: u64,
        method: &[u8],
        path: &[u8],
        options: &[u8],
        body: &[u8],
    ) -> Result<Option<Item>, Failure> {
        let (request, within) = request(method, path, options, body)?;
        let outcome = self.0.call_as(id, port::get(), request, within, MOMENT);
        Ok(outcome.map(|outcome| Item::completion(id, outcome)))
    }

    /// Starts an auth call, given as JSON; its completion comes out of `drain` under this id.
    pub fn submit_auth(&self, id: u64, call: &[u8]) -> Result<(), Failure> {
        self.0.submit_auth_as(id, port::get(), AuthCall::from_json(text("the call", call)?)?);
        Ok(())
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
    pub fn authorize_url(&self, scopes: Vec<String>, redirect_uri: &[u8]) -> Result<String, Failure> {
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        Ok(self.0.authorize_url(&scopes, text("redirect_uri", redirect_uri)?)?)
    }

    /// Ends a call at once: its completion says how far it had come.
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

/// The first of so many ids for calls, that nobody else gets.
#[uniffi::export]
pub fn ids(count: u32) -> u64 {
    linktor_bridge::ids(count)
}

/// The whole document of a provider: see `linktor_bridge::provider`.
#[uniffi::export]
pub fn provider(document: &[u8]) -> Result<String, Failure> {
    Ok(linktor_bridge::provider(text("the provider", document)?)?)
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

fn request(
    method: &[u8],
    path: &[u8],
    options: &[u8],
    body: &[u8],
) -> Result<(linktor_bridge::Request, Option<u64>), Error> {
    let options = CallOptions::from_json(text("the options", options)?)?;
    options.request(text("the method", method)?, text("the path", path)?, body.to_vec())
}

/// A text, lent as bytes: uniffi would copy it.
pub(crate) fn text<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidRequest, format!("{what} is not valid UTF-8")))
}
