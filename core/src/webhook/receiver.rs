//! Receiving: a delivery is verified, its event claimed, and the claim ends as the
//! handling did.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

use super::deduplicator::{Begun, Deduplicator, MemoryDeduplicator};
use super::event::Event;
use super::headers::Headers;
use super::verifier::Verifier;
use crate::auth::StoreResult;
use crate::error::{Error, ErrorKind};

/// Receives deliveries of one sender: verifies each, and lets no event be handled twice.
/// Cheap to clone.
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
#[must_use = "a claim that is dropped is released"]
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
#[must_use = "a claim that is dropped is released"]
pub struct Claim {
    event: Event,
    /// Nothing to end where the event has no id, or where it was ended.
    open: Option<Open>,
}

/// A claim that is to be ended.
struct Open {
    seen: Arc<dyn Deduplicator>,
    key: String,
}

impl Receiver {
    /// One that remembers events in this process: see [`MemoryDeduplicator`].
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier: Arc::new(verifier), seen: Arc::new(MemoryDeduplicator::new()) }
    }

    /// Remembers events elsewhere: where several receivers of one sender share them. Events
    /// are known by their ids, which two senders may both give, so each sender needs a
    /// deduplicator of its own.
    ///
    /// An id that the sender does not sign (`X-GitHub-Delivery`) could be anything in a
    /// delivery that was captured and sent again. It is known together with a hash of the
    /// body, so that none can pass for another event; but such a delivery is new.
    #[must_use]
    pub fn deduplicator(mut self, seen: impl Deduplicator) -> Self {
        self.seen = Arc::new(seen);
        self
    }

    /// Verifies a delivery, as [`Verifier::verify`] does, and claims its event.
    ///
    /// A deduplicator that fails is a `callback` error: answer so that the sender
    /// redelivers. Whoever gives up waiting for this, or for the claim's end, leaves no
    /// claim behind: what was begun goes on, on tokio's runtime.
    pub async fn receive<H: Headers + ?Sized>(&self, body: impl Into<Bytes>, headers: &H) -> Result<Delivery, Error> {
        let event = self.verifier.verify(body, headers)?;
        let Some(key) = event.deduplication_key() else { return Ok(Delivery::New(Claim { event, open: None })) };
        let seen = Arc::clone(&self.seen);
        let begin = async move {
            let begun = seen.begin(&key).await;
            // A claim as soon as it is one: dropped, if nobody waits any more.
            begun.map(|begun| match begun {
                Begun::New => Delivery::New(Claim { event, open: Some(Open { seen, key }) }),
                Begun::InProgress => Delivery::InProgress(event),
                Begun::Done => Delivery::Done(event),
            })
        };
        undisturbed(begin.boxed()).await
    }

    #[cfg(feature = "axum")]
    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

impl Claim {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The event was handled: it is done, and its redeliveries are not handled.
    pub async fn commit(mut self) -> Result<(), Error> {
        match self.open.take() {
            Some(Open { seen, key }) => undisturbed(async move { seen.commit(&key).await }.boxed()).await,
            None => Ok(()),
        }
    }

    /// Handling failed: the event is new again when it is redelivered.
    pub async fn release(mut self) -> Result<(), Error> {
        match self.open.take() {
            Some(open) => undisturbed(open.release()).await,
            None => Ok(()),
        }
    }
}

impl Open {
    fn release(self) -> BoxFuture<'static, StoreResult<()>> {
        async move { self.seen.release(&self.key).await }.boxed()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut release = open.release();
        // At once where it can be; a second panic would end the process.
        if std::thread::panicking() || (&mut release).now_or_never().is_none() {
            // Without a runtime the claim ends by itself. Nobody is left to be told.
            let _ = Handle::try_current().map(|runtime| runtime.spawn(release));
        }
    }
}

/// Comes to its end though nobody waits for it any more.
async fn undisturbed<T: Send + 'static>(mut work: BoxFuture<'static, StoreResult<T>>) -> Result<T, Error> {
    let failed = |message| Error::new(ErrorKind::Callback, message);
    let outcome = match (&mut work).now_or_never() {
        Some(outcome) => outcome,
        None => match Handle::try_current() {
            Ok(runtime) => runtime
                .spawn(work)
                .await
                .map_err(|error| failed("the webhook deduplicator panicked").with_source(error))?,
            Err(_) => work.await,
        },
    };
    outcome.map_err(|error| failed("the webhook deduplicator failed").with_source(error))
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claim").field(&self.event).finish()
    }
}
