//! How a request reaches the server: a trait, and reqwest behind it.
//!
//! A transport sends one request once. It follows no redirect, repeats nothing and adds
//! no credential: all that is the pipeline's.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use url::Url;

use crate::base_url::BaseUrl;
use crate::error::{Error, ErrorKind, Sent};
use crate::secret::Secret;

/// The most that an answer's body may hold once decompressed: 64 MiB.
pub(crate) const MAX_BODY: usize = 64 * 1024 * 1024;
const IDLE: Duration = Duration::from_secs(50);

/// Sends one request once and reads the whole answer.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request. Dropping the future ends it.
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>>;
}

/// What is sent.
#[non_exhaustive]
pub struct TransportRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: Url,
    /// All headers but those of the transport itself. `Authorization` is marked sensitive.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// The largest body to read, in bytes, once decompressed.
    pub max_body: usize,
    /// How long the answer is waited for, by the attempt's timeout or what is left of the
    /// call's deadline; then the future is dropped.
    pub timeout: Duration,
}

/// What came back.
#[non_exhaustive]
pub struct TransportResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, decompressed.
    pub body: Bytes,
}

impl TransportResponse {
    /// An answer.
    pub fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }
}

/// Shows neither query, header values nor body.
impl fmt::Debug for TransportRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportRequest")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Shows neither header values nor body.
impl fmt::Debug for TransportResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// How sending failed, which says whether the server may have acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No connection: nothing was sent.
    Connect,
    /// No connection within the time for it: nothing was sent.
    ConnectTimeout,
    /// No answer in the transport's own time.
    Timeout,
    /// The connection broke after something was sent.
    Interrupted,
    /// The answer ended before it was whole.
    Truncated,
    /// The body is larger than `max_body`.
    BodyTooLarge,
    /// The body cannot be decompressed.
    Decode,
    /// The transport itself failed, and not the network: nothing is tried again.
    Callback,
}

/// Why sending failed.
#[derive(Debug, thiserror::Error)]
#[error("{failure:?}")]
pub struct TransportError {
    failure: TransportFailure,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// A failure and what it comes from.
    pub fn new(failure: TransportFailure, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { failure, source: Some(source.into()) }
    }

    pub(crate) fn body_too_large() -> Self {
        Self { failure: TransportFailure::BodyTooLarge, source: None }
    }

    /// The client's error for it.
    pub(crate) fn into_error(self) -> Error {
        let (kind, code, message, sent) = match self.failure {
            TransportFailure::Connect => (ErrorKind::Connection, None, "no connection to the server", Sent::No),
            TransportFailure::ConnectTimeout => {
                (ErrorKind::Timeout, None, "no connection to the server in time", Sent::No)
            }
            TransportFailure::Timeout => (ErrorKind::Timeout, None, "no answer in the transport's time", Sent::Maybe),
            TransportFailure::Interrupted => {
                (ErrorKind::Connection, None, "the connection broke before the answer", Sent::Maybe)
            }
            TransportFailure::Callback => (ErrorKind::Callback, None, "the transport failed", Sent::Maybe),
            TransportFailure::Truncated => {
                (ErrorKind::Protocol, Some("truncated"), "the answer ended before it was whole", Sent::Yes)
            }
            TransportFailure::BodyTooLarge => {
                (ErrorKind::Protocol, Some("body_too_large"), "the answer's body is over 64 MiB", Sent::Yes)
            }
            TransportFailure::Decode => {
                (ErrorKind::Decode, None, "the answer's body cannot be decompressed", Sent::Yes)
            }
        };
        let mut error = Error::new(kind, message).with_sent(sent);
        if let Some(code) = code {
            error = error.with_code(code);
        }
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// The default transport: reqwest with rustls.
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    pub(crate) fn new(
        base: &BaseUrl,
        connect_timeout: Duration,
        proxy: Option<&Secret>,
        roots: &[u8],
    ) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(base.is_https() || proxy.is_some(), roots)?)
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true);
        let proxy = proxy.map(checked_proxy).transpose()?;
        // Loopback never goes through a proxy, plain http only through one that was given.
        if base.is_loopback() {
            builder = builder.no_proxy();
        } else if let Some(proxy) = proxy {
            builder = builder.no_proxy().proxy(proxy);
        } else if !base.is_https() {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| Error::config("the HTTP client cannot be made on this machine").with_source(error))?;
        Ok(Self(client))
    }

    async fn exchange(&self, request: TransportRequest) -> Result<TransportResponse, TransportError> {
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.into());
        } else if matches!(*outgoing.method(), Method::POST | Method::PUT | Method::PATCH) {
            // RFC 9110, 8.6: said even where there is none.
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut response = self.0.execute(outgoing).await.map_err(|error| {
            let failure = match (error.is_connect(), error.is_timeout()) {
                (true, true) => TransportFailure::ConnectTimeout,
                (true, false) => TransportFailure::Connect,
                (false, _) => TransportFailure::Interrupted,
            };
            TransportError::new(failure, error.without_url())
        })?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Body::default();
        match body.read(&mut response, request.max_body).await {
            // An error is told by its status, whatever became of its body.
            Err(_) if status >= 400 => {}
            ended => ended?,
        }
        Ok(TransportResponse { status, headers, body: body.into_bytes() })
    }
}

impl Transport for Reqwest {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// A body as far as it was read; one of a single piece is not copied.
#[derive(Default)]
struct Body {
    first: Bytes,
    joined: BytesMut,
}

impl Body {
    async fn read(&mut self, response: &mut reqwest::Response, limit: usize) -> Result<(), TransportError> {
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                let failure = if error.is_decode() && is_corrupt(&error) {
                    TransportFailure::Decode
                } else {
                    TransportFailure::Truncated
                };
                TransportError::new(failure, error.without_url())
            })?;
            let Some(chunk) = chunk else { return Ok(()) };
            if self.first.len().max(self.joined.len()) + chunk.len() > limit {
                return Err(TransportError::body_too_large());
            }
            if self.first.is_empty() {
                self.first = chunk;
                continue;
            }
            if self.joined.is_empty() {
                self.joined.extend_from_slice(&self.first);
            }
            self.joined.extend_from_slice(&chunk);
        }
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

/// Whether a decoding error is about the bytes, and not about the connection's end.
fn is_corrupt(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput);
        }
        source = error.source();
    }
    false
}

/// A proxy from its URL, which may hold a password and is never shown.
fn checked_proxy(url: &Secret) -> Result<reqwest::Proxy, Error> {
    Url::parse(url.expose())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .and_then(|url| reqwest::Proxy::all(url).ok())
        .ok_or_else(|| Error::config("proxy must be a URL that begins with http:// or https://"))
}

/// TLS with one explicit crypto provider, so that no other crate's choice matters. The
/// platform's verifier, or the bundled roots where the machine has no CA store; and the
/// caller's own certificates, in PEM, besides.
fn tls(is_needed: bool, roots: &[u8]) -> Result<rustls::ClientConfig, Error> {
    let own = CertificateDer::pem_slice_iter(roots)
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|own| roots.is_empty() || !own.is_empty())
        .ok_or_else(|| Error::config("root_certificates holds no certificate in PEM, or one that cannot be read"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config("TLS cannot be set up").with_source(error))?;
    // Asked without the caller's own first: with them, an empty store would pass for one.
    let platform = if is_needed { Verifier::new(Arc::clone(&provider)).ok() } else { None };
    let platform = match platform {
        Some(_) if !own.is_empty() => Verifier::new_with_extra_roots(own.clone(), provider).ok(),
        found => found,
    };
    let mut config = match platform {
        Some(verifier) => config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(),
        None => {
            let mut bundled: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
            for certificate in own {
                bundled
                    .add(certificate)
                    .map_err(|error| Error::config("root_certificates cannot be used").with_source(error))?;
            }
            config.with_root_certificates(bundled).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
