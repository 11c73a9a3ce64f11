//! What users agreed to at `/oauth/authorize`, until its code is exchanged.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Seconds that a code is good.
pub(crate) const CODE_LIFE: u64 = 600;

/// One agreement.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(crate) redirect_uri: String,
    /// The S256 challenge (RFC 7636).
    pub(crate) challenge: Option<String>,
    pub(crate) scopes: String,
    pub(crate) end: u64,
}

/// Agreements by their codes.
#[derive(Debug, Default)]
pub(crate) struct Consents(HashMap<String, Consent>);

impl Consents {
    pub(super) fn add(&mut self, code: String, consent: Consent) {
        self.0.insert(code, consent);
    }

    /// The scopes that a code stands for. The first attempt uses it up, right or wrong.
    pub(crate) fn redeem(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: u64,
    ) -> Option<String> {
        let consent = self.0.remove(code)?;
        let challenge = verifier.map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        let is_right = consent.redirect_uri == redirect_uri && consent.challenge == challenge && now < consent.end;
        is_right.then_some(consent.scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_with_what_it_was_given_for() {
        let verifier = Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let redeemed = |code: &str, redirect_uri: &str, verifier: Option<&str>, now: u64| {
            let mut consents = Consents::default();
            let challenge = Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
            let consent = Consent { redirect_uri: "/back".to_owned(), challenge, scopes: "a b".to_owned(), end: 10 };
            consents.add("code".to_owned(), consent);
            let scopes = consents.redeem(code, redirect_uri, verifier, now);
            assert_eq!(consents.redeem(code, redirect_uri, verifier, now), None);
            scopes
        };
        assert_eq!(redeemed("code", "/back", verifier, 9).as_deref(), Some("a b"));
        for (code, redirect_uri, verifier, now) in [
            ("other", "/back", verifier, 9),
            ("code", "/elsewhere", verifier, 9),
            ("code", "/back", None, 9),
            ("code", "/back", Some("wrong"), 9),
            ("code", "/back", verifier, 10),
        ] {
            assert_eq!(redeemed(code, redirect_uri, verifier, now), None);
        }
    }
}
