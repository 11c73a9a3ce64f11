//! Linkit: keys without a scheme word, and an organization header.

use super::{CredentialKind, Envelope, ErrorFields, HeaderRules, Provider, Refreshable, Scheme, environment, texts};

impl Provider {
    /// Linkit. The server tells a key from a session token by the literal prefix
    /// `Bearer `, so an API key is sent raw. Its error bodies repeat the status as
    /// `code` and put the word in `error`, the sentence in `details`.
    pub fn linkit() -> Self {
        Self {
            name: "linkit".to_owned(),
            base_url: Some("https://linkit.works/api/v1".to_owned()),
            environment: environment("LINKIT_API_KEY", "LINKIT"),
            credentials: vec![CredentialKind::ApiKey, CredentialKind::Bearer, CredentialKind::Source],
            headers: HeaderRules {
                api_key: Scheme::Raw,
                organization: Some("x-organization-id".to_owned()),
                ..HeaderRules::default()
            },
            refreshable: Refreshable::Always,
            envelope: Envelope {
                keys: texts(&[
                    "success",
                    "data",
                    "message",
                    "meta",
                    "count",
                    "total_count",
                    "page",
                    "limit",
                    "has_next",
                ]),
                list_keys: texts(&["count", "total_count", "page"]),
                ..Envelope::default()
            },
            errors: ErrorFields {
                code: texts(&["/error"]),
                message: texts(&["/details", "/message", "/error"]),
                ..ErrorFields::default()
            },
        }
    }
}
