//! What the server, the families and the control plane share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::family::Family;
use crate::family::rates::Rates;
use crate::family::store::Store;
use crate::fixtures;
use crate::journal::Journal;
use crate::script::Answer;
use crate::sessions::{Sessions, Standing};

/// One sandbox's state. Locks are held for a few instructions and never across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) sessions: Sessions,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) rates: Mutex<Rates>,
    pub(crate) store: Mutex<Store>,
    script: Mutex<VecDeque<Answer>>,
}

impl Shared {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            clock: Clock::default(),
            sessions: Sessions::default(),
            journal: Mutex::default(),
            rates: Mutex::default(),
            store: Mutex::default(),
            script: Mutex::default(),
        }
    }

    pub(crate) fn base_url(&self, family: Family) -> String {
        format!("{}{}", self.url, family.base())
    }

    pub(crate) fn script(&self, answers: Vec<Answer>) {
        lock(&self.script).extend(answers);
    }

    /// Takes the first scripted answer that matches the request.
    pub(crate) fn take(&self, family: Family, method: &str, path: &str) -> Option<Answer> {
        let mut script = lock(&self.script);
        let place = script.iter().position(|answer| answer.matches(family, method, path))?;
        script.remove(place)
    }

    pub(crate) fn standing(&self, family: Family, token: &str) -> Standing {
        self.sessions.standing(family, token, &self.clock)
    }

    pub(crate) fn reset(&self) {
        lock(&self.journal).clear();
        lock(&self.script).clear();
        *lock(&self.store) = Store::default();
        *lock(&self.rates) = Rates::default();
        self.sessions.reset();
        self.clock.reset();
    }

    pub(crate) fn ready(&self) -> Value {
        let mut base_urls = Map::new();
        let mut auth_urls = Map::new();
        let mut credentials = Map::new();
        for family in Family::ALL {
            base_urls.insert(family.name().to_owned(), self.base_url(family).into());
            if let Some(auth) = family.auth() {
                auth_urls.insert(family.name().to_owned(), format!("{}{auth}", self.url).into());
            }
            credentials.insert(family.name().to_owned(), json!(family.credentials()));
        }
        for (name, secret) in [
            ("standard_webhooks", fixtures::STANDARD_WEBHOOKS_SECRET),
            ("x_hub_signature_256", fixtures::X_HUB_SIGNATURE_256_SECRET),
        ] {
            credentials.insert(name.to_owned(), json!({"webhook_secret": secret}));
        }
        json!({"url": self.url, "base_urls": base_urls, "auth_urls": auth_urls, "credentials": credentials})
    }
}

/// Locks, also after a thread panicked with the lock: nothing here is left half written.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
