//! What binds a stored session to the password it came from: whoever names the same user
//! with another password must log in, and does not get the session.

use std::sync::{Arc, Mutex, PoisonError};

use pbkdf2::pbkdf2_hmac_array;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// PBKDF2-HMAC-SHA256 (RFC 8018): tens of milliseconds, once per session and process.
const ROUNDS: u32 = 100_000;

/// A salted digest of a password.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Proof {
    salt: Uuid,
    digest: [u8; 32],
}

/// Makes and compares proofs of one password.
pub(crate) struct Prover {
    password: Secret,
    /// The last that was made: a session keeps its salt.
    last: Arc<Mutex<Option<Proof>>>,
}

impl Prover {
    pub(crate) fn new(password: Secret) -> Self {
        Self { password, last: Arc::default() }
    }

    /// A proof for a record to be saved.
    pub(crate) async fn prove(&self) -> Result<Proof, Error> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some(proof) => Ok(proof),
            None => self.derive(Uuid::new_v4()).await,
        }
    }

    /// Whether a record's proof is of this password.
    pub(crate) async fn accepts(&self, proof: &Proof) -> Result<bool, Error> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let own = match last.filter(|last| last.salt == proof.salt) {
            Some(last) => last,
            None => self.derive(proof.salt).await?,
        };
        let is_same: bool = own.digest.ct_eq(&proof.digest).into();
        if is_same {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(own);
        }
        Ok(is_same)
    }

    async fn derive(&self, salt: Uuid) -> Result<Proof, Error> {
        let (password, last) = (self.password.clone(), Arc::clone(&self.last));
        let work = move || {
            let digest = pbkdf2_hmac_array::<Sha256, 32>(password.expose().as_bytes(), salt.as_bytes(), ROUNDS);
            let proof = Proof { salt, digest };
            last.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| proof.clone());
            proof
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, "the password's digest was not made").with_source(error))
    }
}
