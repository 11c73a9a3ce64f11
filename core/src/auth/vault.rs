//! A session's place in the token store.

use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use uuid::Uuid;

use super::proof::Prover;
use super::store::{Record, StoreLock, StoreResult, TokenStore};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The store, and the key of one session in it.
pub(crate) struct Vault {
    store: Arc<dyn TokenStore>,
    key: String,
    /// For a session by password: a record of another one is nobody's.
    prover: Option<Prover>,
    /// How long the store may take to answer.
    timeout: Duration,
    is_known_unlocked: AtomicBool,
}

impl Vault {
    /// The place of the session of `principal` at one API.
    pub(crate) fn new(
        store: Arc<dyn TokenStore>,
        provider: &str,
        base_url: &str,
        principal: &str,
        password: Option<Secret>,
        timeout: Duration,
    ) -> Self {
        Self {
            store,
            key: format!("{provider} {base_url} {principal}"),
            prover: password.map(Prover::new),
            timeout,
            is_known_unlocked: AtomicBool::new(false),
        }
    }

    /// The record of this session; nothing if there is none of the same password.
    pub(super) async fn load(&self) -> Result<Option<Record>, Error> {
        let Some(record) = self.read().await? else { return Ok(None) };
        let is_ours = match (&self.prover, &record.proof) {
            (None, _) => true,
            (Some(prover), Some(proof)) => prover.accepts(proof).await?,
            (Some(_), None) => false,
        };
        Ok(is_ours.then_some(record))
    }

    /// The write that the store holds, whoever's it is.
    pub(super) async fn revision(&self) -> Result<Option<Uuid>, Error> {
        Ok(self.read().await?.map(|record| record.revision))
    }

    async fn read(&self) -> Result<Option<Record>, Error> {
        let text = self.in_time(self.store.load(&self.key)).await.map_err(|error| failure("cannot be read", error))?;
        text.as_ref().map(Record::read).transpose()
    }

    pub(super) async fn save(&self, mut record: Record) -> Result<(), Error> {
        if let Some(prover) = &self.prover {
            record.proof = Some(prover.prove().await?);
        }
        let text = record.write()?;
        let saving = AssertUnwindSafe(async { self.in_time(self.store.save(&self.key, text)).await }).catch_unwind();
        let saved = saving.await.unwrap_or_else(|_| Err("it panicked".into()));
        saved.map_err(|error| failure("cannot be written", error))
    }

    /// What the store answers within the client's timeout. A lock may take longer: it waits
    /// for whoever has it.
    async fn in_time<T>(&self, answer: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let late = || Err(format!("it did not answer within {} s", self.timeout.as_secs_f64()).into());
        tokio::time::timeout(self.timeout, answer).await.unwrap_or_else(|_| late())
    }

    /// The lock, and whether it is news that there is none.
    pub(super) async fn lock(&self) -> Result<(StoreLock, bool), Error> {
        let lock = self.store.lock(&self.key).await.map_err(|error| failure("cannot be locked", error))?;
        let is_news = !lock.is_held() && !self.is_known_unlocked.swap(true, Ordering::Relaxed);
        Ok((lock, is_news))
    }
}

fn failure(what: &str, error: Box<dyn StdError + Send + Sync>) -> Error {
    Error::new(ErrorKind::TokenStore, format!("the token store {what}: {error}")).with_source(error)
}
