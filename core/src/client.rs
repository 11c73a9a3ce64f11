//! The client. Its builder checks everything before a request is made.

mod builder;
mod identity;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::builder::ClientBuilder;
pub(crate) use self::identity::Identity;
use crate::auth::{Credentials, TokenStore};
use crate::base_url::BaseUrl;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::observer::{Event, Observer};
use crate::organization;
use crate::page::Paginator;
use crate::pipeline;
use crate::provider::{Payload, Provider};
use crate::rate_limit::{Gate, Gates, RateLimit};
use crate::request::{Request, RequestBuilder};
use crate::response::Response;
use crate::retry::{Budget, Policy};
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

/// One handle: who it is, and for which organization.
struct Inner {
    shared: Arc<Shared>,
    identity: Identity,
    /// What its requests go through.
    gate: Arc<Gate>,
    /// The organization of requests that name none.
    organization: Option<HeaderValue>,
    /// Whether closing it closes all.
    is_root: bool,
}

/// What a client and all its handles share.
pub(crate) struct Shared {
    pub(crate) provider: Arc<Provider>,
    pub(crate) base: BaseUrl,
    /// Where the OAuth endpoints are, if that is known.
    auth_base: Option<BaseUrl>,
    /// What requests with a credential carry.
    pub(crate) signed: Dress,
    /// What requests without one carry.
    pub(crate) unsigned: Dress,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) policy: Policy,
    pub(crate) budget: Budget,
    gates: Gates,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) auth_transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    /// How far the server's clock is ahead, in milliseconds.
    skew: AtomicI64,
    observer: Option<Arc<dyn Observer>>,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) closed: CancellationToken,
    store: Option<Arc<dyn TokenStore>>,
}

/// The headers of every request but its credential.
pub(crate) struct Dress {
    /// Those that are always the same.
    pub(crate) headers: HeaderMap,
    /// Those of them that the user did not add: for another host than the API's.
    pub(crate) own: HeaderMap,
    /// The names of those that differ from request to request.
    pub(crate) organization: Option<HeaderName>,
    pub(crate) request_id: Option<HeaderName>,
}

/// Differences of the clocks below this are the network's and the header's resolution.
const SKEW: i64 = 2_000;

impl Shared {
    /// Where the OAuth endpoints are; a `config` error if only the user can know.
    pub(crate) fn auth_base(&self) -> Result<&BaseUrl, Error> {
        self.auth_base
            .as_ref()
            .ok_or_else(|| Error::config("base_url is your own, so give auth_url too: where the OAuth endpoints are"))
    }

    /// Learns the server's time from an answer's `Date` (RFC 9110, 6.6.1), unless a cache
    /// kept it.
    pub(crate) fn observe(&self, headers: &HeaderMap) {
        let Some(date) = headers.get(DATE).filter(|_| !headers.contains_key(AGE)) else { return };
        let Some(date) = date.to_str().ok().and_then(|text| httpdate::parse_http_date(text).ok()) else { return };
        let now = self.clock.wall();
        let milliseconds = |distance: Duration| i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
        let skew = match date.duration_since(now) {
            Ok(ahead) => milliseconds(ahead),
            Err(behind) => -milliseconds(behind.duration()),
        };
        self.skew.store(if skew.abs() < SKEW { 0 } else { skew }, Ordering::Relaxed);
    }

    /// The time of day by the server's clock.
    pub(crate) fn server_time(&self) -> SystemTime {
        let now = self.clock.wall();
        let skew = self.skew.load(Ordering::Relaxed);
        let distance = Duration::from_millis(skew.unsigned_abs());
        let corrected = if skew < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        corrected.unwrap_or(now)
    }

    /// Runs until done, until the deadline, or until the client is closed.
    pub(crate) async fn bounded<T>(
        &self,
        deadline: Option<Duration>,
        work: impl Future<Output = Result<T, Error>>,
        late: impl FnOnce(Duration) -> Error,
    ) -> Result<T, Error> {
        let work = async {
            match deadline {
                None => work.await,
                Some(deadline) => tokio::time::timeout(deadline, work).await.unwrap_or_else(|_| Err(late(deadline))),
            }
        };
        tokio::select! {
            // First, so that what ends lets nobody else begin.
            biased;
            () = self.closed.cancelled() => Err(Error::new(ErrorKind::Closed, "the client was closed")),
            result = work => result,
        }
    }

    /// A number in [0, 1) for a wait.
    pub(crate) fn random(&self) -> f64 {
        (self.gates.random)()
    }

    /// Tells the observer, whose panics are its own.
    pub(crate) fn tell(&self, event: Event<'_>) {
        if let Some(observer) = &self.observer {
            let _ = std::panic::catch_unwind(AssertUnwindSafe(|| observer.event(&event)));
        }
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.observer.is_some()
    }
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
        pipeline::execute(self, request, std::future::pending()).await
    }

    /// Sends a request, and ends the call when `stop` is done: with an error of the kind
    /// `cancelled` that knows, as no dropped future does, the request id, how many attempts
    /// there were, and whether the server may have acted.
    ///
    /// ```no_run
    /// # async fn example(client: linktor::Client, request: linktor::Request) -> Result<(), linktor::Error> {
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let response = client.execute_until(request, async { stopped.await.unwrap_or_default() }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn execute_until(&self, request: Request, stop: impl Future<Output = ()>) -> Result<Response, Error> {
        pipeline::execute(self, request, stop).await
    }

    /// Begins to read a list, page by page.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), linktor::Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let client = linktor::Client::new("YOUR_API_KEY")?;
    /// let mut contacts = client.paginate("/contacts").items::<serde_json::Value>();
    /// while let Some(contact) = contacts.try_next().await? {
    ///     println!("{}", contact["name"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn paginate(&self, path: impl Into<String>) -> Paginator {
        Paginator::new(self.clone(), path.into())
    }

    /// A handle for another organization: the same connections, session and limits. An
    /// empty or malformed id is a `config` error. Closing a handle does nothing.
    pub fn with_organization(&self, id: &str) -> Result<Self, Error> {
        let Inner { shared, identity, gate, .. } = &*self.0;
        let organization = Some(organization::header(id)?);
        Ok(Self(Arc::new(Inner {
            shared: Arc::clone(shared),
            identity: identity.clone(),
            gate: Arc::clone(gate),
            organization,
            is_root: false,
        })))
    }

    /// A handle for somebody else, with a session of its own over the same connections, and
    /// the rate limits of its credential, however many handles have it: for servers that act for many users. It has this handle's organization only if
    /// that was given as an option, never one that a login named.
    ///
    /// Credentials that the provider does not know, or that are incomplete, are a
    /// `config` error. Closing a handle does nothing.
    pub fn with_credentials(&self, credentials: impl Into<Credentials>) -> Result<Self, Error> {
        let Inner { shared, organization, .. } = &*self.0;
        let credentials = credentials.into();
        let identity = Identity::of(&credentials, "api_key", shared)?;
        let gate = shared.gates.of(&credentials)?;
        Ok(Self(Arc::new(Inner {
            shared: Arc::clone(shared),
            identity,
            gate,
            organization: organization.clone(),
            is_root: false,
        })))
    }

    /// What is known of the rate limit of a class of requests, by the provider's name for
    /// it; of the class of the last answer, if none is named. `Ok(None)` as long as no
    /// answer has told a number; a class that the provider does not have is a `config`
    /// error.
    ///
    /// ```
    /// let client = linktor::Client::new("lk_invented")?;
    /// assert_eq!(client.rate_limit("messages")?, None);
    /// assert!(client.rate_limit("massages").is_err());
    /// # Ok::<(), linktor::Error>(())
    /// ```
    pub fn rate_limit<'c>(&self, class: impl Into<Option<&'c str>>) -> Result<Option<RateLimit>, Error> {
        let provider = self.provider();
        let named =
            |name: &str| provider.rate.class_named(name).ok_or_else(|| Error::config(provider.unknown_class(name)));
        let class = class.into().map(named).transpose()?;
        Ok(self.0.gate.rate_limit(class))
    }

    /// The API family that it speaks to.
    pub fn provider(&self) -> &Provider {
        &self.0.shared.provider
    }

    /// Where the payload of a body lies: [`Response::data`] for those who parse JSON
    /// themselves.
    pub fn payload(&self, status: u16, body: &[u8]) -> Result<Payload, Error> {
        self.provider().payload(status, body).map_err(|error| match &self.0.identity {
            Identity::Anonymous => error,
            Identity::Fixed(authorization) => error.without(Some(&authorization.secret)),
            Identity::Session(session) => error.without(session.secret().as_ref()),
        })
    }

    /// Goes on with the session of `parent`, the same client in the process that this one is
    /// a fork of.
    #[doc(hidden)]
    pub fn inherit(&self, parent: &Self) {
        if let (Identity::Session(own), Identity::Session(theirs)) = (&self.0.identity, &parent.0.identity) {
            own.inherit(theirs);
        }
    }

    /// Ends all calls in flight with a `closed` error, and all later ones, of clones and
    /// handles too. On a handle it does nothing.
    pub fn close(&self) {
        if self.0.is_root {
            self.0.shared.closed.cancel();
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// The organization of requests that name none, as the user said it.
    pub(crate) fn organization(&self) -> Option<&HeaderValue> {
        self.0.organization.as_ref()
    }

    pub(crate) fn dress(&self) -> &Dress {
        match self.0.identity {
            Identity::Anonymous => &self.0.shared.unsigned,
            _ => &self.0.shared.signed,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.0.shared;
        f.debug_struct("Client")
            .field("provider", &shared.provider.name)
            .field("base_url", &shared.base.as_str())
            .field("closed", &shared.closed.is_cancelled())
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
