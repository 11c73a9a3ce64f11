//! Linktor: self-hosted at `http://localhost:8080/api/v1` by default.

use std::time::Duration;

use super::{
    AuthRules, CredentialKind, DefaultTier, Envelope, ErrorFields, GrantFields, HeaderRules, Limit, Paging, Provider,
    RateClass, RateRules, Refreshable, Route, TestCall, environment, texts,
};
use crate::webhook::Scheme;

impl Provider {
    /// Linktor. The tenant is inside the token, so there is no organization header.
    /// Only `TOKEN_INVALID` is worth a renewal: `UNAUTHORIZED` means that the header is
    /// missing or malformed. It counts `authentication`, `messages` and `other` by
    /// themselves: 10, 100 and 60 requests a minute (tier `published`, the default).
    pub fn linktor() -> Self {
        Self {
            name: "linktor".to_owned(),
            base_url: Some("http://localhost:8080/api/v1".to_owned()),
            environment: environment("LINKTOR_API_KEY", "LINKTOR"),
            credentials: vec![
                CredentialKind::ApiKey,
                CredentialKind::Bearer,
                CredentialKind::Password,
                CredentialKind::Source,
            ],
            headers: HeaderRules { request_id: Some("x-request-id".to_owned()), ..HeaderRules::default() },
            refreshable: Refreshable::Codes(texts(&["TOKEN_INVALID"])),
            auth: AuthRules {
                login: Some("/auth/login".to_owned()),
                refresh: Some("/auth/refresh".to_owned()),
                test: Some(TestCall::of("/me")),
                grant: GrantFields {
                    access_token: texts(&["/data/access_token", "/data/token", "/access_token", "/token"]),
                    refresh_token: texts(&["/data/refresh_token", "/refresh_token"]),
                    expires_in: texts(&["/data/expires_in", "/expires_in"]),
                    expires_at: texts(&["/data/expires_at", "/expires_at"]),
                    organization: Vec::new(),
                    user: texts(&["/data/user", "/user"]),
                },
                ..AuthRules::default()
            },
            unsafe_routes: vec![Route::new("PUT", "/me/password")],
            rate: RateRules {
                classes: vec![
                    RateClass::new("authentication", vec![Route::any("/auth/**")]),
                    RateClass::new("messages", vec![Route::new("POST", "/conversations/*/messages")]),
                ],
                tiers: [(
                    "published".to_owned(),
                    vec![minute(10, "authentication"), minute(100, "messages"), minute(60, "other")],
                )]
                .into(),
                default_tier: DefaultTier::Named("published".to_owned()),
            },
            paging: Paging {
                size_parameter: "page_size".to_owned(),
                current: texts(&["/meta/page", "/pagination/page"]),
                size: texts(&["/meta/page_size", "/pagination/page_size"]),
                has_next: texts(&["/meta/has_next"]),
                pages: texts(&["/meta/total_pages", "/pagination/pages"]),
                total: texts(&["/meta/total_items", "/pagination/total"]),
                ..Paging::default()
            },
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
            webhook: Some(Scheme::linktor()),
        }
    }
}

fn minute(requests: u64, class: &str) -> Limit {
    Limit::new(requests, Duration::from_mins(1)).of_class(class)
}
