//! The gates of all credentials of a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Pacing;
use super::gate::Gate;
use super::log::Log;
use super::memory::{Memory, Random};
use crate::auth::{Credentials, Principal};
use crate::clock::Clock;
use crate::error::Error;
use crate::provider::{Limits, Provider};

/// As many gates are kept before it is worth looking for those that nobody misses.
const FEW: usize = 64;

/// One gate for each credential, however often a handle for it is made: it is kept while
/// somebody holds it, or while it has something to remember.
pub(crate) struct Gates {
    pub(crate) provider: Arc<Provider>,
    pub(crate) pacing: Pacing,
    pub(crate) limits: Option<Limits>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
    pub(crate) known: Mutex<HashMap<Principal, Arc<Gate>>>,
}

impl Gates {
    /// The gate of this credential.
    pub(crate) fn of(&self, credentials: &Credentials) -> Result<Arc<Gate>, Error> {
        let Some(principal) = credentials.principal() else { return self.make(credentials).map(Arc::new) };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = known.get(&principal) {
            return Ok(Arc::clone(gate));
        }
        if known.len() >= FEW && known.len() == known.capacity() {
            known.retain(|_, gate| Arc::strong_count(gate) > 1 || !gate.is_idle());
        }
        let gate = Arc::new(self.make(credentials)?);
        known.insert(principal, Arc::clone(&gate));
        Ok(gate)
    }

    fn make(&self, credentials: &Credentials) -> Result<Gate, Error> {
        let provider = &self.provider;
        let limits = match (self.pacing, &self.limits) {
            (Pacing::Proactive, wanted) => provider.limits(wanted.as_ref(), credentials.kind())?,
            // What is wrong is said, though nobody keeps to it.
            (_, Some(wanted)) => provider.limits(Some(wanted), None).map(|_| Vec::new())?,
            (_, None) => Vec::new(),
        };
        if self.pacing == Pacing::Proactive && limits.is_empty() {
            return Err(Error::config(format!(
                "pacing is proactive, and provider `{}` publishes no limits: give `limits`",
                provider.name
            )));
        }
        let logs = limits.iter().map(|limit| {
            let class = limit.class.as_deref().and_then(|class| provider.rate.class_named(class));
            Log::new(limit.limit, limit.window, class)
        });
        let memory = Memory::new(provider.rate.class_names().count(), logs.collect(), Arc::clone(&self.random));
        Ok(Gate::new(Arc::clone(provider), self.pacing, Arc::clone(&self.clock), Box::new(memory)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn gates() -> Gates {
        Gates {
            provider: Arc::new(Provider::linktor()),
            pacing: Pacing::Reactive,
            limits: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(|| 0.5),
            known: Mutex::default(),
        }
    }

    #[test]
    fn one_credential_has_one_gate_and_two_have_two() {
        let gates = gates();
        let gate = |credentials: Credentials| gates.of(&credentials).expect("a gate");
        let key = gate(Credentials::api_key("invented-1"));
        assert!(Arc::ptr_eq(&key, &gate(Credentials::api_key(" invented-1 "))));
        assert!(!Arc::ptr_eq(&key, &gate(Credentials::api_key("invented-2"))));
        assert!(!Arc::ptr_eq(&key, &gate(Credentials::bearer("invented-1"))));
        let ada = gate(Credentials::password("ada@example.com", "invented"));
        assert!(Arc::ptr_eq(&ada, &gate(Credentials::password("ada@example.com", "other"))));
        assert!(!Arc::ptr_eq(&ada, &gate(Credentials::password("ben@example.com", "invented"))));
    }

    #[test]
    fn gates_that_nobody_misses_are_forgotten() {
        let gates = gates();
        let held = gates.of(&Credentials::api_key("held")).expect("a gate");
        for number in 0..10_000 {
            gates.of(&Credentials::api_key(format!("invented-{number}"))).expect("a gate");
        }
        assert!(gates.known.lock().expect("not poisoned").len() < 4 * FEW);
        assert!(Arc::ptr_eq(&held, &gates.of(&Credentials::api_key("held")).expect("a gate")));
    }
}
