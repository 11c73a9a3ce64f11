//! Collects options and checks them all at once.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::identity::known;
use super::{Client, Dress, Identity, Inner, Shared};
use crate::auth::{Credentials, Scoped, TokenStore};
use crate::base_url::BaseUrl;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::header;
use crate::observer::Observer;
use crate::organization;
use crate::provider::{Limits, Provider};
use crate::rate_limit::{Gates, Pacing, Random};
use crate::retry::{Budget, Policy};
use crate::secret::Secret;
use crate::transport::{Reqwest, Transport};

const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: usize = 128;
const RETRY_BUDGET: u32 = 500;

/// Collects options; [`build`](Self::build) checks them all.
///
/// ```
/// use std::time::Duration;
/// use linktor::{Client, Provider};
///
/// let client = Client::builder()
///     .provider(Provider::linkit())
///     .api_key("invented-key")
///     .organization("org_123")
///     .timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
#[must_use = "a client is made by `build()`"]
pub struct ClientBuilder {
    provider: Provider,
    credentials: Vec<Credentials>,
    base_url: Option<String>,
    auth_url: Option<String>,
    organization: Option<String>,
    headers: Vec<(String, String)>,
    client_version: Option<String>,
    timeout: Duration,
    connect_timeout: Duration,
    deadline: Option<Duration>,
    policy: Policy,
    retry_budget: u32,
    pacing: Pacing,
    limits: Option<Limits>,
    random: Random,
    max_connections: usize,
    proxy: Option<Secret>,
    root_certificates: Vec<u8>,
    allow_insecure_http: Option<bool>,
    language: &'static str,
    token_store: Option<Arc<dyn TokenStore>>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            provider: Provider::linktor(),
            credentials: Vec::new(),
            base_url: None,
            auth_url: None,
            organization: None,
            headers: Vec::new(),
            client_version: None,
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            deadline: None,
            policy: Policy::default(),
            retry_budget: RETRY_BUDGET,
            pacing: Pacing::default(),
            limits: None,
            random: Arc::new(random),
            max_connections: MAX_CONNECTIONS,
            proxy: None,
            root_certificates: Vec::new(),
            allow_insecure_http: None,
            language: "rust",
            token_store: None,
            transport: None,
            clock: Arc::new(SystemClock),
            observer: None,
        }
    }
}

impl ClientBuilder {
    /// The API family. Default: [`Provider::linktor`].
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// Short for `credentials(Credentials::api_key(key))`.
    pub fn api_key(self, key: impl Into<Secret>) -> Self {
        self.credentials(Credentials::api_key(key))
    }

    /// The credential. Without one, the family's environment variable is read
    /// (`LINKTOR_API_KEY`); two are a `config` error.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.credentials.push(credentials.into());
        self
    }

    /// Where the API is. Default: `<FAMILY>_BASE_URL` from the environment, else the
    /// family's own. Plain http is refused unless the host is loopback.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Where the OAuth endpoints are. Default: the family's own; with a `base_url` of your
    /// own, the root of its host where the family has them there, and else none.
    pub fn auth_url(mut self, url: impl Into<String>) -> Self {
        self.auth_url = Some(url.into());
        self
    }

    /// The organization of all requests that name none. Default:
    /// `<FAMILY>_ORGANIZATION_ID` from the environment, else what the first login names.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// A header for every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What families that ask for the client's version are told. Default: this library's.
    pub fn client_version(mut self, version: impl Into<String>) -> Self {
        self.client_version = Some(version.into());
        self
    }

    /// How long one attempt may take. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a connection may take to be made. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a whole call may take, renewals and waits included. Default: no limit.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How often a call is tried again at most. Default: 3, so that there are at most 4
    /// attempts; 0 sends every request exactly once.
    ///
    /// GET, HEAD, OPTIONS, PUT and DELETE are tried again after a failed connection, a
    /// timeout, and a 408, 429, 500, 502, 503 or 504; POST and PATCH only where the server
    /// cannot have acted, unless the request says that it is
    /// [`idempotent`](crate::RequestBuilder::idempotent).
    pub fn max_retries(mut self, count: u32) -> Self {
        self.policy.max_retries = count;
        self
    }

    /// The longest wait that a server's hint or the queue for a rate limit may take.
    /// Default: 60 s. What asks for longer is an error at once, which says for how long
    /// ([`retry_after`](crate::Error::retry_after)). A wait without a hint is no longer
    /// either.
    pub fn max_retry_wait(mut self, wait: Duration) -> Self {
        self.policy.max_wait = wait;
        self
    }

    /// How many tokens there are for trying again: a retry costs 14, but for one after a 429
    /// that said when to come; a success gives back 1, or what its retry cost. When they are
    /// used up nothing is tried again, so that an outage is not multiplied. Default: 500,
    /// shared by all handles.
    pub fn retry_budget(mut self, tokens: u32) -> Self {
        self.retry_budget = tokens;
        self
    }

    /// Whether requests wait for a rate limit before they meet it. Default:
    /// [`Pacing::Reactive`].
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// The limits that [`Pacing::Proactive`] keeps to, and nothing else does: a tier of the
    /// provider's, or one's own. Default: the provider's default tier; see its constructor.
    pub fn limits(mut self, limits: impl Into<Limits>) -> Self {
        self.limits = Some(limits.into());
        self
    }

    /// Draws numbers in [0, 1) for waits from this instead of the machine.
    #[doc(hidden)]
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// How many attempts may be under way at once; the rest queue in order. Default: 128.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// A proxy for everything but loopback. Default: `HTTPS_PROXY` and its siblings from
    /// the environment, for https only.
    pub fn proxy(mut self, url: impl Into<Secret>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Certificates to trust besides the machine's own, in PEM (RFC 7468). Default: none.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = pem.into();
        self
    }

    /// Allows plain http to hosts that are not loopback, in a network of your own.
    /// Default: only with `<FAMILY>_ALLOW_INSECURE_HTTP=1` in the environment.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = Some(allow);
        self
    }

    /// Keeps sessions beyond this process: see [`FileStore`](crate::FileStore). Default:
    /// they end with it.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.token_store = Some(Arc::new(store));
        self
    }

    /// Sends through this instead of reqwest.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Reads time from this instead of the machine.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Watches what the client does.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The language of the binding, for `User-Agent`.
    #[doc(hidden)]
    pub fn language(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// Makes the client. Every option that cannot be what it says is a `config` error
    /// that names it.
    pub fn build(self) -> Result<Client, Error> {
        self.build_in(&|name| std::env::var(name).ok())
    }

    fn build_in(self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Client, Error> {
        self.provider.check()?;
        let names = &self.provider.environment;
        let read = |name: &Option<String>| name.as_deref().and_then(environment);

        for (name, duration) in [("timeout", self.timeout), ("connect_timeout", self.connect_timeout)]
            .into_iter()
            .chain(self.deadline.map(|deadline| ("deadline", deadline)))
        {
            if duration.is_zero() {
                return Err(Error::config(format!("{name} must be more than zero")));
            }
        }
        let is_for_own = [("proxy", self.proxy.is_some()), ("root_certificates", !self.root_certificates.is_empty())];
        if let (Some(_), Some((name, _))) = (&self.transport, is_for_own.iter().find(|(_, is_given)| *is_given)) {
            return Err(Error::config(format!("{name} is not for a transport of your own, which connects by itself")));
        }
        if !(1..=Semaphore::MAX_PERMITS).contains(&self.max_connections) {
            return Err(Error::config("max_connections must be at least 1"));
        }

        let allow_insecure_http = self
            .allow_insecure_http
            .unwrap_or_else(|| read(&names.allow_insecure_http).is_some_and(|value| value == "1"));
        let own_base_url = self.base_url.clone().or_else(|| read(&names.base_url));
        let base_url = own_base_url
            .as_ref()
            .or(self.provider.base_url.as_ref())
            .ok_or_else(|| Error::config(format!("provider `{}` has no base_url; give one", self.provider.name)))?;
        let base = BaseUrl::parse("base_url", base_url, allow_insecure_http)?;
        let auth_base = self.auth_base(&base, own_base_url.is_some(), allow_insecure_http)?;

        let organization = self
            .organization
            .clone()
            .or_else(|| read(&names.organization))
            .map(|id| organization::header(&id))
            .transpose()?;

        let (credentials, what) = self.only_credentials(environment)?;
        let (unsigned, signed) = (self.dress(false)?, self.dress(true)?);
        let slots = Arc::new(Semaphore::new(self.max_connections));
        let transport = |base: &BaseUrl| -> Result<Arc<dyn Transport>, Error> {
            match &self.transport {
                Some(own) => Ok(Arc::new(Scoped { transport: Arc::clone(own), slots: Arc::clone(&slots) })),
                None => Reqwest::new(base, self.connect_timeout, self.proxy.as_ref(), &self.root_certificates)
                    .map(|transport| Arc::new(transport) as Arc<dyn Transport>),
            }
        };
        let base_transport = transport(&base)?;
        let auth_transport = match &auth_base {
            Some(auth) if !auth.is_reached_like(&base) => transport(auth)?,
            _ => Arc::clone(&base_transport),
        };
        let provider = Arc::new(self.provider);
        let gates = Gates {
            provider: Arc::clone(&provider),
            pacing: self.pacing,
            limits: self.limits,
            clock: Arc::clone(&self.clock),
            random: self.random,
            known: Mutex::default(),
        };
        let gate = gates.of(&credentials)?;
        let shared = Arc::new(Shared {
            provider,
            base,
            auth_base,
            signed,
            unsigned,
            timeout: self.timeout,
            deadline: self.deadline,
            policy: self.policy,
            budget: Budget::new(self.retry_budget),
            gates,
            transport: base_transport,
            auth_transport,
            clock: self.clock,
            skew: AtomicI64::new(0),
            observer: self.observer,
            slots,
            closed: CancellationToken::new(),
            store: self.token_store,
        });
        let identity = Identity::of(&credentials, &what, &shared)?;
        if shared.store.is_some() && !identity.is_storable() {
            return Err(Error::config("token_store keeps sessions, and this credential has none: leave it out"));
        }
        Ok(Client(Arc::new(Inner { shared, identity, gate, organization, is_root: true })))
    }

    /// Where the OAuth endpoints are. Somebody else's host is never guessed for a
    /// `base_url` of the user's own.
    fn auth_base(&self, base: &BaseUrl, is_own: bool, allow_insecure_http: bool) -> Result<Option<BaseUrl>, Error> {
        let Some(rules) = &self.provider.auth.oauth else {
            return match &self.auth_url {
                None => Ok(None),
                Some(_) => Err(Error::config(format!(
                    "auth_url says where OAuth endpoints are, and provider `{}` has none: leave it out",
                    self.provider.name
                ))),
            };
        };
        match (&self.auth_url, &rules.url) {
            (Some(url), _) => BaseUrl::parse("auth_url", url, allow_insecure_http).map(Some),
            (None, None) => Ok(Some(base.origin())),
            (None, Some(url)) if !is_own => BaseUrl::parse("auth_url", url, allow_insecure_http).map(Some),
            (None, Some(_)) => Ok(None),
        }
    }

    /// The one credential that was given, or the environment's key; and what an API key
    /// is called in errors.
    fn only_credentials(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<(Credentials, String), Error> {
        let provider = &self.provider;
        match self.credentials.as_slice() {
            [one] => Ok((one.clone(), "api_key".to_owned())),
            [] => {
                let variable = provider.environment.api_key.as_deref();
                match variable.and_then(|name| environment(name).map(|value| (name, value))) {
                    Some((name, value)) => {
                        Ok((Credentials::api_key(value), format!("the environment variable {name}")))
                    }
                    None => Err(Error::config(format!(
                        "no credential: give one of {}, or set the environment variable {}",
                        known(provider),
                        variable.unwrap_or("that the provider names"),
                    ))),
                }
            }
            several => {
                let given: Vec<_> =
                    several.iter().map(|one| one.kind().map_or("anonymous", |kind| kind.option())).collect();
                Err(Error::config(format!("several credentials ({}): give one", given.join(", "))))
            }
        }
    }

    /// The headers of requests with a credential, or of those without.
    fn dress(&self, is_signed: bool) -> Result<Dress, Error> {
        let rules = &self.provider.headers;
        let version = env!("CARGO_PKG_VERSION");
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, header::parse_value("user-agent", &format!("linktor-{}/{version}", self.language))?);
        let (mut organization, mut request_id) = (None, None);
        if is_signed {
            for (name, value) in &rules.fixed {
                headers.insert(header::parse_name(name)?, header::parse_value(name, value)?);
            }
            if let Some(name) = &rules.client_version {
                let value = self.client_version.as_deref().unwrap_or(version);
                headers.insert(header::parse_name(name)?, header::parse_value("client_version", value)?);
            }
            organization = rules.organization.as_deref().map(header::parse_name).transpose()?;
            request_id = rules.request_id.as_deref().map(header::parse_name).transpose()?;
        }
        let own = headers.clone();
        headers.extend(header::of_caller(&self.provider, &self.headers)?);
        Ok(Dress { headers, own, organization, request_id })
    }
}

/// Uniform in [0, 1).
fn random() -> f64 {
    // Without randomness, the middle.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(random) / (f64::from(u32::MAX) + 1.0)
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("provider", &self.provider.name)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(builder: ClientBuilder, environment: &[(&str, &str)]) -> Result<Client, Error> {
        builder.build_in(&|name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn refusal(builder: ClientBuilder, environment: &[(&str, &str)]) -> String {
        build(builder, environment).expect_err("it cannot be made").message().to_owned()
    }

    #[test]
    fn the_environment_fills_what_the_options_leave_out() {
        let linkit = || Client::builder().provider(Provider::linkit());
        let environment = [
            ("LINKIT_API_KEY", " invented "),
            ("LINKIT_BASE_URL", "https://linkit.example.com/v9"),
            ("LINKIT_ORGANIZATION_ID", "org_env"),
        ];
        let client = build(linkit(), &environment).expect("all is there");
        let Identity::Fixed(authorization) = &client.0.identity else { panic!("a fixed credential") };
        assert_eq!(authorization.header, "invented");
        assert_eq!(client.0.shared.base.as_str(), "https://linkit.example.com/v9");
        assert_eq!(client.0.organization.as_ref().expect("an organization"), "org_env");

        let client =
            build(linkit().api_key("own").base_url("https://own.example.com").organization("org_own"), &environment)
                .expect("all is there");
        let Identity::Fixed(authorization) = &client.0.identity else { panic!("a fixed credential") };
        assert_eq!(authorization.header, "own");
        assert_eq!(client.0.shared.base.as_str(), "https://own.example.com/");
        assert_eq!(client.0.organization.as_ref().expect("an organization"), "org_own");
    }

    #[test]
    fn a_missing_credential_names_the_variable() {
        for (provider, variable) in [
            (Provider::linktor(), "LINKTOR_API_KEY"),
            (Provider::linkit(), "LINKIT_API_KEY"),
            (Provider::libromi(), "LIBROMI_API_TOKEN"),
            (Provider::api_v1(), "API_KEY"),
            (Provider::api_v2(), "API_KEY"),
        ] {
            let message = refusal(Client::builder().provider(provider), &[]);
            assert!(message.contains(variable), "{message}");
        }
    }

    #[test]
    fn a_blank_variable_is_refused_by_its_name() {
        let message = refusal(Client::builder(), &[("LINKTOR_API_KEY", " ")]);
        assert!(message.contains("LINKTOR_API_KEY"), "{message}");
        let message = refusal(Client::builder().api_key("k"), &[("LINKTOR_ORGANIZATION_ID", "")]);
        assert!(message.contains("organization"), "{message}");
    }

    #[test]
    fn plain_http_is_allowed_by_the_familys_variable_when_it_is_1() {
        let builder = || Client::builder().api_key("k").base_url("http://linktor:8080/api/v1");
        assert!(refusal(builder(), &[]).contains("allow_insecure_http"));
        assert!(refusal(builder(), &[("LINKTOR_ALLOW_INSECURE_HTTP", "0")]).contains("allow_insecure_http"));
        assert!(refusal(builder(), &[("LINKIT_ALLOW_INSECURE_HTTP", "1")]).contains("allow_insecure_http"));
        build(builder(), &[("LINKTOR_ALLOW_INSECURE_HTTP", "1")]).expect("it is allowed");
        build(builder().allow_insecure_http(true), &[]).expect("it is allowed");
        let refused = builder().allow_insecure_http(false);
        assert!(refusal(refused, &[("LINKTOR_ALLOW_INSECURE_HTTP", "1")]).contains("allow_insecure_http"));
    }
}
