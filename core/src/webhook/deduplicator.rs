//! Redeliveries: which events were handled, so that none is handled twice and none that
//! failed is lost.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use crate::auth::StoreResult;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;

/// How long a handled event is remembered.
const MEMORY: Duration = Duration::from_hours(24);
/// How many that are too old are forgotten by whoever asks.
const FORGOTTEN_AT_ONCE: usize = 100;
/// How many events are remembered.
const CAPACITY: usize = 100_000;

/// What is known of an event when a delivery of it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is new, and now claimed: handle it, then commit or release it.
    New,
    /// Another delivery of it is being handled.
    InProgress,
    /// It was handled.
    Done,
}

impl Begun {
    /// `new`, `in_progress` or `done`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::InProgress => "in_progress",
            Self::Done => "done",
        }
    }
}

/// Remembers events by their ids. Implement it over a store that your receivers share;
/// [`MemoryDeduplicator`] is that of one process.
pub trait Deduplicator: Send + Sync + 'static {
    /// Claims an event, unless it is claimed or done; of several that ask at once, one
    /// gets it. Let a claim end by itself some time after the longest handling, so that
    /// an event whose receiver died is not lost.
    fn begin<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Begun>>;

    /// The event was handled: remember it for as long as its sender redelivers.
    fn commit<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>>;

    /// Handling the event failed: forget the claim, so that its redelivery is handled. An
    /// event that is done stays so.
    fn release<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>>;
}

/// The events of the last 24 hours, in this process; 100,000 of them at most, unless
/// something else is said. Of more, the oldest are forgotten. Its clones share them.
///
/// ```
/// use linktor::webhook::{Begun, MemoryDeduplicator};
///
/// let seen = MemoryDeduplicator::new();
/// assert_eq!(seen.begin("evt_1")?, Begun::New);
/// assert_eq!(seen.begin("evt_1")?, Begun::InProgress);
/// seen.release("evt_1")?;
/// assert_eq!(seen.begin("evt_1")?, Begun::New);
/// seen.commit("evt_1")?;
/// assert_eq!(seen.begin("evt_1")?, Begun::Done);
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryDeduplicator {
    capacity: usize,
    clock: Arc<dyn Clock>,
    events: Arc<Mutex<Events>>,
}

/// An id may be as long as a body; its hash is not.
type Key = [u8; 32];

#[derive(Default)]
struct Events {
    known: HashMap<Key, Known>,
    /// The same by age, the oldest first.
    by_age: BTreeMap<u64, Key>,
    next: u64,
}

struct Known {
    is_done: bool,
    age: u64,
    at: Instant,
}

impl Known {
    /// Whether it still counts.
    fn is_of(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < MEMORY
    }
}

impl MemoryDeduplicator {
    /// One that remembers 100,000 events.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that remembers so many; 0 is a `config` error. An event takes about 300 bytes.
    pub fn with_capacity(capacity: usize) -> Result<Self, Error> {
        if capacity == 0 {
            return Err(Error::config("capacity must be at least 1: nothing would be remembered"));
        }
        Ok(Self { capacity, ..Self::default() })
    }

    /// What tells how old an event is. Default: the machine's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// See [`Deduplicator::begin`]. A blank id is an `invalid_request` error: every event
    /// without one would be a redelivery.
    pub fn begin(&self, id: &str) -> Result<Begun, Error> {
        let (key, now) = (key(id)?, self.clock.monotonic());
        let mut events = self.events();
        events.forget_old(now);
        match events.known.get(&key).filter(|known| known.is_of(now)) {
            Some(known) if known.is_done => Ok(Begun::Done),
            Some(_) => Ok(Begun::InProgress),
            None => {
                events.put(key, false, now, self.capacity);
                Ok(Begun::New)
            }
        }
    }

    /// See [`Deduplicator::commit`].
    pub fn commit(&self, id: &str) -> Result<(), Error> {
        let (key, now) = (key(id)?, self.clock.monotonic());
        self.events().put(key, true, now, self.capacity);
        Ok(())
    }

    /// See [`Deduplicator::release`].
    pub fn release(&self, id: &str) -> Result<(), Error> {
        let key = key(id)?;
        let mut events = self.events();
        if events.known.get(&key).is_some_and(|known| !known.is_done) {
            events.remove(&key);
        }
        Ok(())
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    fn put(&mut self, key: Key, is_done: bool, at: Instant, capacity: usize) {
        self.remove(&key);
        let age = self.next;
        self.next += 1;
        self.known.insert(key, Known { is_done, age, at });
        self.by_age.insert(age, key);
        while self.known.len() > capacity {
            self.remove_oldest();
        }
    }

    /// A few at a time, since everybody waits meanwhile.
    fn forget_old(&mut self, now: Instant) {
        for _ in 0..FORGOTTEN_AT_ONCE {
            match self.by_age.first_key_value().and_then(|(_, key)| self.known.get(key)) {
                Some(oldest) if !oldest.is_of(now) => self.remove_oldest(),
                _ => break,
            }
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_first() {
            self.known.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(known) = self.known.remove(key) {
            self.by_age.remove(&known.age);
        }
    }
}

fn key(id: &str) -> Result<Key, Error> {
    if id.trim().is_empty() {
        return Err(Error::invalid_request("the event has no id by which a redelivery could be known"));
    }
    Ok(Sha256::digest(id).into())
}

impl Deduplicator for MemoryDeduplicator {
    fn begin<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Begun>> {
        Box::pin(async move { Ok(self.begin(id)?) })
    }

    fn commit<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { Ok(self.commit(id)?) })
    }

    fn release<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { Ok(self.release(id)?) })
    }
}

impl<D: Deduplicator + ?Sized> Deduplicator for Arc<D> {
    fn begin<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Begun>> {
        (**self).begin(id)
    }

    fn commit<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        (**self).commit(id)
    }

    fn release<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        (**self).release(id)
    }
}

impl Default for MemoryDeduplicator {
    fn default() -> Self {
        Self { capacity: CAPACITY, clock: Arc::new(SystemClock), events: Arc::default() }
    }
}

impl fmt::Debug for MemoryDeduplicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDeduplicator")
            .field("capacity", &self.capacity)
            .field("events", &self.events().known.len())
            .finish_non_exhaustive()
    }
}
