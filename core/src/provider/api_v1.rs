//! The documentation's demo API, version 1.

use super::{
    AuthRules, CredentialKind, DefaultTier, Envelope, ErrorFields, HeaderRules, OAuthRules, Paging, Provider,
    RateRules, Refreshable, TestCall, environment, rate, texts,
};
use crate::webhook::Scheme;

impl Provider {
    /// The documented API, version 1. Its `error` is a word on a 401 or 429 and an
    /// object elsewhere; only `token_expired` is worth a renewal. The
    /// OAuth endpoints are at the host's root.
    ///
    /// Tiers: `free` (1,000 an hour, the default), `pro` (10,000) and `enterprise`
    /// (unlimited), with bursts of 50, 200 and 1,000. What a burst is, its page does not
    /// say: here it is a minute.
    pub fn api_v1() -> Self {
        Self {
            name: "api_v1".to_owned(),
            base_url: Some("https://api.example.com/v1".to_owned()),
            environment: environment("API_KEY", "API_V1"),
            credentials: vec![
                CredentialKind::ApiKey,
                CredentialKind::Bearer,
                CredentialKind::OAuth,
                CredentialKind::Source,
            ],
            headers: HeaderRules { request_id: Some("x-request-id".to_owned()), ..HeaderRules::default() },
            refreshable: Refreshable::Codes(texts(&["token_expired"])),
            auth: AuthRules {
                oauth: Some(OAuthRules::default()),
                test: Some(TestCall::of("/users/me")),
                ..AuthRules::default()
            },
            unsafe_routes: Vec::new(),
            rate: RateRules {
                tiers: [
                    ("free".to_owned(), rate::limits(&[(1_000, 3_600), (50, 60)])),
                    ("pro".to_owned(), rate::limits(&[(10_000, 3_600), (200, 60)])),
                    ("enterprise".to_owned(), rate::limits(&[(1_000, 60)])),
                ]
                .into(),
                default_tier: DefaultTier::Named("free".to_owned()),
                ..RateRules::default()
            },
            paging: Paging {
                current: texts(&["/pagination/page"]),
                size: texts(&["/pagination/per_page"]),
                has_next: texts(&["/pagination/has_next"]),
                pages: texts(&["/pagination/total_pages"]),
                total: texts(&["/pagination/total"]),
                ..Paging::default()
            },
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
            webhook: Some(Scheme::api_v1()),
        }
    }
}
