//! The documentation's demo API, version 1.

use super::{CredentialKind, Envelope, ErrorFields, HeaderRules, Provider, Refreshable, environment, texts};

impl Provider {
    /// The documented API, version 1. Its `error` is a word on a 401 or 429 and an
    /// object elsewhere; only `token_expired` is worth a renewal.
    pub fn api_v1() -> Self {
        Self {
            name: "api_v1".to_owned(),
            base_url: Some("https://api.example.com/v1".to_owned()),
            environment: environment("API_KEY", "API_V1"),
            credentials: vec![CredentialKind::ApiKey, CredentialKind::Bearer, CredentialKind::Source],
            headers: HeaderRules { request_id: Some("x-request-id".to_owned()), ..HeaderRules::default() },
            refreshable: Refreshable::Codes(texts(&["token_expired"])),
            envelope: Envelope {
                keys: texts(&["data", "pagination"]),
                list_keys: texts(&["pagination"]),
                ..Envelope::default()
            },
            errors: ErrorFields {
                code: texts(&["/error/code", "/error"]),
                message: texts(&["/error/message", "/message", "/error"]),
                details: texts(&["/error/details"]),
                ..ErrorFields::default()
            },
        }
    }
}
