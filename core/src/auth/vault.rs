//! A session's place in the token store.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::store::{Record, StoreLock, TokenStore};
use crate::error::{Error, ErrorKind};

/// The store, and the key of one session in it.
pub(crate) struct Vault {
    store: Arc<dyn TokenStore>,
    key: String,
    is_known_unlocked: AtomicBool,
}

impl Vault {
    /// The place of the session of `principal` at one API.
    pub(crate) fn new(store: Arc<dyn TokenStore>, provider: &str, base_url: &str, principal: &str) -> Self {
        Self { store, key: format!("{provider} {base_url} {principal}"), is_known_unlocked: AtomicBool::new(false) }
    }

    pub(super) async fn load(&self) -> Result<Option<Record>, Error> {
        let text = self.store.load(&self.key).await.map_err(|error| failure("cannot be read", error))?;
        text.as_ref().map(Record::read).transpose()
    }

    pub(super) async fn save(&self, record: &Record) -> Result<(), Error> {
        let text = record.write()?;
        self.store.save(&self.key, text).await.map_err(|error| failure("cannot be written", error))
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
