//! Where tokens outlive the process: a trait, and a store in memory.

use std::any::Any;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::proof::Proof;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// What a store's methods give.
pub type StoreResult<T> = Result<T, Box<dyn StdError + Send + Sync>>;

/// Keeps sessions: one text per key, opaque and secret. Encrypt it, put it into a
/// database; give back exactly what was saved.
///
/// A new refresh token is saved before the access token that came with it is used, so a
/// crash never loses a session that the server still knows. A failure to load or lock is
/// a `token_store` error of the calls that need a token; after a failure to save, calls
/// go on from memory. What is not loaded or saved within the client's timeout has failed.
pub trait TokenStore: Send + Sync + 'static {
    /// The text that was saved last under this key, or nothing.
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>>;

    /// Saves the text under this key, whole or not at all.
    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>>;

    /// Keeps everybody else from renewing the session under this key until the lock is
    /// dropped. Default: no such lock, which is right only where nothing else renews the
    /// same session, or where the server does not mind a refresh token that is used twice.
    fn lock(&self, key: &str) -> BoxFuture<'_, StoreResult<StoreLock>> {
        let _ = key;
        Box::pin(async { Ok(StoreLock::unsupported()) })
    }
}

/// A renewal's lock on a session, released when it is dropped.
pub struct StoreLock(Option<Box<dyn Any + Send>>);

impl StoreLock {
    /// A lock that is held as long as `guard` lives.
    pub fn held(guard: impl Any + Send) -> Self {
        Self(Some(Box::new(guard)))
    }

    /// No lock: the renewal goes on without one, and the observer is told once.
    pub fn unsupported() -> Self {
        Self(None)
    }

    /// Whether there is a lock.
    pub fn is_held(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreLock({})", if self.is_held() { "held" } else { "unsupported" })
    }
}

/// A store that several clients of one process share, and that ends with it.
#[derive(Clone, Default)]
pub struct MemoryStore {
    records: Arc<Mutex<HashMap<String, Secret>>>,
    renewing: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenStore for MemoryStore {
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        let record = self.records.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        Box::pin(async { Ok(record) })
    }

    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), record);
        Box::pin(async { Ok(()) })
    }

    fn lock(&self, key: &str) -> BoxFuture<'_, StoreResult<StoreLock>> {
        let mut renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        let one = Arc::clone(renewing.entry(key.to_owned()).or_default());
        Box::pin(async { Ok(StoreLock::held(one.lock_owned().await)) })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// A session as a store keeps it.
#[derive(Clone)]
pub(crate) struct Record {
    /// Tells one write from another: two tokens of one second can be the same text.
    pub(crate) revision: Uuid,
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) issued_at: SystemTime,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) organization: Option<String>,
    /// What only those who know the session's password can make.
    pub(crate) proof: Option<Proof>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    revision: Uuid,
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Epoch seconds.
    issued_at: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

impl Record {
    pub(crate) fn write(&self) -> Result<Secret, Error> {
        let epoch = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let written = Written {
            revision: self.revision,
            access_token: self.access_token.expose().to_owned(),
            refresh_token: self.refresh_token.as_ref().map(|token| token.expose().to_owned()),
            issued_at: epoch(self.issued_at),
            expires_at: self.expires_at.map(epoch),
            organization: self.organization.clone(),
            proof: self.proof.clone(),
        };
        serde_json::to_string(&written)
            .map(Secret::from)
            .map_err(|error| Error::new(ErrorKind::Internal, "a session cannot be written").with_source(error))
    }

    /// Reads a record; an error shows nothing of it.
    pub(crate) fn read(text: &Secret) -> Result<Self, Error> {
        let unreadable = || Error::new(ErrorKind::TokenStore, "the token store's record is not one of this library's");
        let written: Written = serde_json::from_str(text.expose()).map_err(|_| unreadable())?;
        let time = |epoch: f64| {
            let since = std::time::Duration::try_from_secs_f64(epoch).map_err(|_| unreadable())?;
            SystemTime::UNIX_EPOCH.checked_add(since).ok_or_else(unreadable)
        };
        Ok(Self {
            revision: written.revision,
            access_token: written.access_token.into(),
            refresh_token: written.refresh_token.map(Secret::from),
            issued_at: time(written.issued_at)?,
            expires_at: written.expires_at.map(time).transpose()?,
            organization: written.organization,
            proof: written.proof,
        })
    }
}
