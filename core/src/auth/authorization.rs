//! A credential as a header.

use std::sync::Arc;

use http::HeaderValue;

use super::check;
use crate::error::Error;
use crate::header;
use crate::provider::Scheme;
use crate::secret::Secret;

/// A credential as it is written into `Authorization`.
pub(crate) struct Authorization {
    pub(crate) header: HeaderValue,
    pub(crate) secret: Secret,
}

impl Authorization {
    /// Writes a credential; `what` names it in the error.
    pub(crate) fn write(secret: &Secret, scheme: Scheme, what: &str) -> Result<Arc<Self>, Error> {
        let secret = check(secret, what)?;
        let text = match scheme {
            Scheme::Bearer => format!("Bearer {}", secret.expose()),
            Scheme::Raw => secret.expose().to_owned(),
        };
        let mut header = header::parse_value(what, &text)?;
        header.set_sensitive(true);
        Ok(Arc::new(Self { header, secret }))
    }
}
