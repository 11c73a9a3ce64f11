//! Whether a delivery is what its sender signed, and of now.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderName;
use http::header::CONTENT_LENGTH;

use super::event::{Event, Head, Places};
use super::headers::{Found, Headers};
use super::keys::{Keys, Secrets};
use super::received::{Layout, Signatures, seconds};
use super::refused;
use super::scheme::Scheme;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;

/// How far a delivery's time may be from this machine's, unless something else is said.
const TOLERANCE: Duration = Duration::from_mins(5);
/// The longest body, unless something else is said.
const SIZE_LIMIT: usize = 1024 * 1024;

/// Verifies deliveries of one sender. Its keys are made once, so keep it; it can be shared
/// between threads.
///
/// ```
/// use linktor::webhook::{self, SignOptions, Verifier};
///
/// let verifier = Verifier::new("linktor", ["the new secret", "the old secret"])?;
///
/// let body = br#"{"id":"evt_1","type":"message.received","data":{"content":"Hello"}}"#;
/// let headers = webhook::sign("linktor", body, "the old secret", &SignOptions::default())?;
/// let event = verifier.verify(&body[..], &headers)?;
/// assert_eq!(event.event_type().map(|name| name.as_str()), Some("message.received"));
///
/// let forged = verifier.verify(&b"{}"[..], &headers).unwrap_err();
/// assert_eq!(forged.code(), Some("signature_mismatch"));
/// # Ok::<(), linktor::Error>(())
/// ```
pub struct Verifier {
    scheme: Scheme,
    layout: Layout,
    places: Places,
    keys: Keys,
    tolerance: Duration,
    size_limit: usize,
    clock: Arc<dyn Clock>,
}

/// Makes a [`Verifier`].
#[derive(Clone)]
pub struct VerifierBuilder {
    scheme: Result<Scheme, Error>,
    secrets: Arc<Secrets>,
    tolerance: Option<Duration>,
    size_limit: usize,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// A verifier for a scheme, its name or a provider, and one secret or several, of
    /// which any may have signed.
    ///
    /// A scheme that there is not, or that contradicts itself, and a secret that is blank
    /// or not of the form that the scheme wants, are `config` errors.
    pub fn new<S>(scheme: S, secrets: impl Into<Secrets>) -> Result<Self, Error>
    where
        S: TryInto<Scheme>,
        Error: From<S::Error>,
    {
        Self::builder(scheme, secrets).build()
    }

    /// The same, with more to be said; whatever is wrong, `build` says.
    pub fn builder<S>(scheme: S, secrets: impl Into<Secrets>) -> VerifierBuilder
    where
        S: TryInto<Scheme>,
        Error: From<S::Error>,
    {
        VerifierBuilder {
            scheme: scheme.try_into().map_err(Error::from),
            secrets: Arc::new(secrets.into()),
            tolerance: None,
            size_limit: SIZE_LIMIT,
            clock: Arc::new(SystemClock),
        }
    }

    /// The event of a delivery, from its body **as it came** (JSON that was parsed and
    /// written again is another text) and its headers.
    ///
    /// A delivery that is not what the sender signed is a `webhook_verification` error
    /// with one of these codes, checked in this order: `payload_too_large`,
    /// `missing_signature`, `malformed_signature`, `signature_mismatch`,
    /// `timestamp_out_of_tolerance`. Whether the body is JSON matters only to
    /// [`Event::data`].
    pub fn verify<H: Headers + ?Sized>(&self, body: impl Into<Bytes>, headers: &H) -> Result<Event, Error> {
        let body = body.into();
        let head = self.head(&body, headers)?;
        Ok(Event { head: Arc::new(head), body })
    }

    /// The same without an event: whether it is signed, and of now.
    pub fn verify_signature<H: Headers + ?Sized>(&self, body: &[u8], headers: &H) -> Result<(), Error> {
        self.signed_id(body, headers).map(drop)
    }

    /// The longest body that it takes, in bytes.
    pub fn size_limit(&self) -> usize {
        self.size_limit
    }

    /// Whether a body of so many bytes is looked at: for those who would copy it first.
    #[doc(hidden)]
    pub fn check_size(&self, bytes: usize) -> Result<(), Error> {
        if bytes > self.size_limit {
            return Err(refused("payload_too_large", format!("the body is longer than {} bytes", self.size_limit)));
        }
        Ok(())
    }

    /// What a verified delivery says of its event: for those who keep the body themselves.
    #[doc(hidden)]
    pub fn head<H: Headers + ?Sized>(&self, body: &[u8], headers: &H) -> Result<Head, Error> {
        let id = self.signed_id(body, headers)?;
        Ok(self.places.read(body, headers, id))
    }

    /// Refuses what need not be read: anything but a POST, a body that is announced as too
    /// long, and what is not signed at all. Beside the codes of [`Verifier::verify`] there
    /// is `method_not_allowed`.
    #[doc(hidden)]
    pub fn admit<H: Headers + ?Sized>(&self, method: &str, headers: &H) -> Result<(), Error> {
        if method != "POST" {
            return Err(refused("method_not_allowed", "a delivery is a POST"));
        }
        if let Found::One(length) = headers.under(&CONTENT_LENGTH)
            && let Some(length) = std::str::from_utf8(length).ok().and_then(|length| length.parse().ok())
        {
            self.check_size(length)?;
        }
        self.layout.read(headers).map(drop)
    }

    /// The headers that it reads, in lower case: for those who hand only these on.
    #[doc(hidden)]
    pub fn header_names(&self) -> Vec<&str> {
        self.layout.headers().into_iter().chain(self.places.headers()).map(HeaderName::as_str).collect()
    }

    /// The id that is signed, if one is.
    fn signed_id<'h, H: Headers + ?Sized>(&self, body: &[u8], headers: &'h H) -> Result<Option<&'h [u8]>, Error> {
        self.check_size(body.len())?;
        let received = self.layout.read(headers)?;
        let time = received.timestamp.map(seconds).transpose()?;
        let mut parts = [&[][..]; 5];
        let mut signed = 0;
        for part in [received.id, received.timestamp].into_iter().flatten() {
            parts[signed] = part;
            parts[signed + 1] = b".";
            signed += 2;
        }
        parts[signed] = body;
        let parts = &parts[..=signed];
        let is_right = match &received.signatures {
            Signatures::One(signature) => self.keys.verify(parts, &[signature]),
            Signatures::Listed(signatures) => self.keys.verify(parts, signatures),
        };
        if !is_right {
            return Err(refused(
                "signature_mismatch",
                "the signature is not of this body (as it was received, byte for byte) and this secret",
            ));
        }
        if let Some(time) = time {
            let now = self.clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            if Duration::from_secs(now.abs_diff(time)) > self.tolerance {
                return Err(refused(
                    "timestamp_out_of_tolerance",
                    format!(
                        "the delivery was signed for {time}, and this machine's clock says {now} (epoch seconds): it is \
                         an old one, or a clock is wrong"
                    ),
                ));
            }
        }
        Ok(received.id)
    }
}

impl VerifierBuilder {
    /// How far a delivery's signed time may be from this machine's, before it or after.
    /// Default: 300 s. For a scheme that signs no time, `build` fails.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The longest body that is looked at, in bytes. Default: 1 MiB.
    #[must_use]
    pub fn size_limit(mut self, bytes: usize) -> Self {
        self.size_limit = bytes;
        self
    }

    /// What tells the time. Default: the machine's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The verifier, or a `config` error: see [`Verifier::new`].
    pub fn build(self) -> Result<Verifier, Error> {
        let scheme = self.scheme?;
        let layout = Layout::of(&scheme)?;
        if self.tolerance.is_some() && !layout.signs_time() {
            return Err(Error::config(
                "tolerance is given, but this webhook scheme signs no timestamp that it could be held against",
            ));
        }
        if self.size_limit == 0 {
            return Err(Error::config("size_limit must be at least 1 byte"));
        }
        Ok(Verifier {
            keys: Keys::new(&scheme.signature, &self.secrets)?,
            places: Places::of(&scheme),
            scheme,
            layout,
            tolerance: self.tolerance.unwrap_or(TOLERANCE),
            size_limit: self.size_limit,
            clock: self.clock,
        })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("scheme", &self.scheme)
            .field("tolerance", &self.tolerance)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("scheme", &self.scheme)
            .field("tolerance", &self.tolerance)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}
