//! Linkit: keys without a scheme word, and an organization header.

use super::{
    AuthRules, CredentialKind, Envelope, ErrorFields, GrantFields, HeaderRules, Paging, Provider, RateRules,
    Refreshable, Scheme, TestCall, environment, texts,
};

impl Provider {
    /// Linkit. The server tells a key from a session token by the literal prefix
    /// `Bearer `, so an API key is sent raw. Its error bodies repeat the status as
    /// `code` and put the word in `error`, the sentence in `details`. There is no refresh:
    /// a session that ends is begun anew by a login. It publishes no limits.
    pub fn linkit() -> Self {
        Self {
            name: "linkit".to_owned(),
            base_url: Some("https://linkit.works/api/v1".to_owned()),
            environment: environment("LINKIT_API_KEY", "LINKIT"),
            credentials: vec![
                CredentialKind::ApiKey,
                CredentialKind::Bearer,
                CredentialKind::Password,
                CredentialKind::Source,
            ],
            headers: HeaderRules {
                api_key: Scheme::Raw,
                organization: Some("x-organization-id".to_owned()),
                ..HeaderRules::default()
            },
            refreshable: Refreshable::Always,
            auth: AuthRules {
                login: Some("/auth/login".to_owned()),
                test: Some(TestCall::of("/health/system")),
                grant: GrantFields {
                    access_token: texts(&["/token"]),
                    refresh_token: Vec::new(),
                    expires_in: Vec::new(),
                    expires_at: texts(&["/expires_at"]),
                    organization: texts(&["/user/organization_id"]),
                    user: texts(&["/user"]),
                },
                ..AuthRules::default()
            },
            unsafe_routes: Vec::new(),
            rate: RateRules::default(),
            paging: Paging {
                size_parameter: "limit".to_owned(),
                current: texts(&["/page"]),
                size: texts(&["/limit"]),
                has_next: texts(&["/has_next"]),
                total: texts(&["/total_count"]),
                ..Paging::default()
            },
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
            webhook: None,
        }
    }
}
