//! Receiving: a delivery is verified, its event claimed, and the claim ends as the
//! handling did.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;

use super::deduplicator::{Begun, Deduplicator, MemoryDeduplicator};
use super::event::Event;
use super::headers::Headers;
use super::verifier::Verifier;
use crate::auth::StoreResult;
use crate::error::{Error, ErrorKind};

/// Receives deliveries: verifies each, and lets no event be handled twice. Cheap to clone.
///
/// For axum it is a layer (feature `axum`); everywhere else, [`Receiver::receive`] takes
/// the headers and the body.
///
/// ```
/// # use linktor::webhook::{self, SignOptions};
/// use linktor::webhook::{Delivery, Receiver, Verifier};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), linktor::Error> {
/// let receiver = Receiver::new(Verifier::new("linktor", "invented-secret")?);
///
/// # let body = br#"{"id":"evt_1","type":"message.received"}"#;
/// # let headers = webhook::sign("linktor", body, "invented-secret", &SignOptions::default())?;
/// match receiver.receive(&body[..], &headers).await? {
///     Delivery::New(claim) => {
///         println!("{:?}", claim.event().event_type());
///         claim.commit().await?; // or release() it, and it is new when it is redelivered
///     }
///     Delivery::Done(_) => {}       // answer 200
///     Delivery::InProgress(_) => {} // answer 503: it is redelivered, and then it is done
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Receiver {
    verifier: Arc<Verifier>,
    seen: Arc<dyn Deduplicator>,
}

/// A verified delivery.
#[derive(Debug)]
pub enum Delivery {
    /// Of an event that nobody has handled or handles. Where the sender gives no id,
    /// every delivery is new.
    New(Claim),
    /// Of an event that another delivery is being handled of.
    InProgress(Event),
    /// Of an event that was handled.
    Done(Event),
}

/// The only one to handle an event, until it is committed or released. Dropping it
/// releases it.
pub struct Claim {
    event: Event,
    /// Nothing to end where the event has no id, or where it was ended.
    open: Option<Arc<dyn Deduplicator>>,
}

impl Receiver {
    /// One that remembers events in this process: see [`MemoryDeduplicator`].
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier: Arc::new(verifier), seen: Arc::new(MemoryDeduplicator::new()) }
    }

    /// Remembers events elsewhere: where several receivers share them, or one that
    /// several routes have.
    #[must_use]
    pub fn deduplicator(mut self, seen: impl Deduplicator) -> Self {
        self.seen = Arc::new(seen);
        self
    }

    /// Verifies a delivery, as [`Verifier::verify`] does, and claims its event.
    ///
    /// A deduplicator that fails is a `callback` error: answer so that the sender
    /// redelivers.
    pub async fn receive<B, H>(&self, body: B, headers: &H) -> Result<Delivery, Error>
    where
        B: AsRef<[u8]> + Into<Bytes>,
        H: Headers + ?Sized,
    {
        let event = self.verifier.verify(body, headers)?;
        let Some(id) = event.id() else { return Ok(Delivery::New(Claim { event, open: None })) };
        match remembered(self.seen.begin(id).await)? {
            Begun::New => Ok(Delivery::New(Claim { event, open: Some(Arc::clone(&self.seen)) })),
            Begun::InProgress => Ok(Delivery::InProgress(event)),
            Begun::Done => Ok(Delivery::Done(event)),
        }
    }

    #[cfg(feature = "axum")]
    pub(super) fn size_limit(&self) -> usize {
        self.verifier.size_limit()
    }
}

impl Claim {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The event was handled: it is done, and its redeliveries are not handled.
    pub async fn commit(mut self) -> Result<(), Error> {
        match (self.open.take(), self.event.id()) {
            (Some(seen), Some(id)) => remembered(seen.commit(id).await),
            _ => Ok(()),
        }
    }

    /// Handling failed: the event is new again when it is redelivered.
    pub async fn release(mut self) -> Result<(), Error> {
        match (self.open.take(), self.event.id()) {
            (Some(seen), Some(id)) => remembered(seen.release(id).await),
            _ => Ok(()),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(seen) = self.open.take() else { return };
        let event = self.event.clone();
        let release = async move {
            if let Some(id) = event.id() {
                // Nobody is left to be told; the claim ends by itself.
                let _ = seen.release(id).await;
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(release)),
            Err(_) => drop(release.now_or_never()),
        }
    }
}

fn remembered<T>(outcome: StoreResult<T>) -> Result<T, Error> {
    outcome.map_err(|error| Error::new(ErrorKind::Callback, "the webhook deduplicator failed").with_source(error))
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Claim").field(&self.event).finish()
    }
}
