//! The client. Its builder checks everything before a request is made.

mod builder;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::builder::ClientBuilder;
use crate::auth::{Authorization, Session};
use crate::base_url::BaseUrl;
use crate::clock::Clock;
use crate::error::Error;
use crate::observer::Observer;
use crate::pipeline;
use crate::provider::{Payload, Provider};
use crate::request::{Request, RequestBuilder};
use crate::response::Response;
use crate::secret::Secret;
use crate::transport::Transport;

/// A client of one API with one credential. Cheap to clone; clones share connections
/// and session.
///
/// ```no_run
/// # async fn example() -> Result<(), linktor::Error> {
/// let client = linktor::Client::new("YOUR_API_KEY")?;
/// let me: serde_json::Value = client.get("/me").send().await?.data()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) provider: Arc<Provider>,
    pub(crate) base: BaseUrl,
    pub(crate) identity: Identity,
    /// The headers that are the same in every request.
    pub(crate) headers: HeaderMap,
    pub(crate) organization: Option<HeaderValue>,
    /// The names of the headers that differ from request to request.
    pub(crate) organization_name: Option<HeaderName>,
    pub(crate) request_id_name: Option<HeaderName>,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) slots: Semaphore,
    pub(crate) closed: CancellationToken,
}

/// Where a request's `Authorization` comes from.
pub(crate) enum Identity {
    Anonymous,
    Fixed(Arc<Authorization>),
    Session(Arc<Session>),
}

impl Client {
    /// A Linktor client from an API key, everything else from the environment or the
    /// defaults. A `config` error if the key cannot be one.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder().api_key(api_key).build()
    }

    /// A Linkit client from an API key. See [`Provider::linkit`].
    pub fn linkit(api_key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder().provider(Provider::linkit()).api_key(api_key).build()
    }

    /// A Libromi Connect client from an API token. See [`Provider::libromi`].
    pub fn libromi(api_token: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder().provider(Provider::libromi()).api_key(api_token).build()
    }

    /// A client of `api_v2` from an API key. See [`Provider::api_v2`].
    pub fn api(api_key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder().provider(Provider::api_v2()).api_key(api_key).build()
    }

    /// A builder with the defaults of [`Provider::linktor`].
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Begins a GET request.
    pub fn get(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Begins a POST request.
    pub fn post(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Begins a PUT request.
    pub fn put(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    /// Begins a PATCH request.
    pub fn patch(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    /// Begins a DELETE request.
    pub fn delete(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    /// Begins a request of any method.
    pub fn request(&self, method: Method, path: impl Into<String>) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, path.into())
    }

    /// Sends a request that is there as data. Dropping the future ends the call at once.
    pub async fn execute(&self, request: Request) -> Result<Response, Error> {
        pipeline::execute(&self.0, request).await
    }

    /// The API family that it speaks to.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Where the payload of a body lies: [`Response::data`] for those who parse JSON
    /// themselves.
    pub fn payload(&self, status: u16, body: &[u8]) -> Result<Payload, Error> {
        self.0.provider.payload(status, body).map_err(|error| match &self.0.identity {
            Identity::Anonymous => error,
            Identity::Fixed(authorization) => error.without(Some(&authorization.secret)),
            Identity::Session(session) => {
                error.without(session.current(None).as_ref().map(|held| &held.authorization.secret))
            }
        })
    }

    /// Ends all calls in flight with a `closed` error, and all later ones. Clones too.
    pub fn close(&self) {
        self.0.closed.cancel();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.0.provider.name)
            .field("base_url", &self.0.base.as_str())
            .field("closed", &self.0.closed.is_cancelled())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credentials;

    #[test]
    fn public_types_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Client>();
        crosses::<ClientBuilder>();
        crosses::<Credentials>();
        crosses::<Error>();
        crosses::<Provider>();
        crosses::<Request>();
        crosses::<RequestBuilder>();
        crosses::<Response>();
    }
}
