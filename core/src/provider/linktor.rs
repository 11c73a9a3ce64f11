//! Linktor: self-hosted at `http://localhost:8080/api/v1` by default.

use super::{CredentialKind, Envelope, ErrorFields, HeaderRules, Provider, Refreshable, environment, texts};

impl Provider {
    /// Linktor. The tenant is inside the token, so there is no organization header.
    /// Only `TOKEN_INVALID` is worth a renewal: `UNAUTHORIZED` means that the header is
    /// missing or malformed.
    pub fn linktor() -> Self {
        Self {
            name: "linktor".to_owned(),
            base_url: Some("http://localhost:8080/api/v1".to_owned()),
            environment: environment("LINKTOR_API_KEY", "LINKTOR"),
            credentials: vec![CredentialKind::ApiKey, CredentialKind::Bearer, CredentialKind::Source],
            headers: HeaderRules { request_id: Some("x-request-id".to_owned()), ..HeaderRules::default() },
            refreshable: Refreshable::Codes(texts(&["TOKEN_INVALID"])),
            envelope: Envelope {
                keys: texts(&["success", "data", "meta", "pagination", "message"]),
                list_keys: texts(&["meta", "pagination"]),
                ..Envelope::default()
            },
            errors: ErrorFields {
                code: texts(&["/error/code", "/code"]),
                message: texts(&["/error/message", "/message", "/error"]),
                details: texts(&["/error/details", "/details"]),
                retry_after: texts(&["/retry_after"]),
            },
        }
    }
}
