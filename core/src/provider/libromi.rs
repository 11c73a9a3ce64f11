//! Libromi Connect: one kind of token, final when refused.

use super::{
    AuthRules, CredentialKind, DefaultTier, Envelope, ErrorFields, HeaderRules, Paging, Provider, RateRules,
    Refreshable, Route, TestCall, environment, rate, texts,
};
use crate::webhook::Scheme;

impl Provider {
    /// Libromi Connect. Its tokens are made in the dashboard and never renewed. Every
    /// request says that it is JSON, as the family's page does. `GET /contact/{phone}`
    /// makes a missing contact, so it is not repeated as a read.
    ///
    /// Tiers: `free` (1,000 an hour, the default) and `paid` (10,000), both with 100 a
    /// minute; another of its pages says 60.
    pub fn libromi() -> Self {
        Self {
            name: "libromi".to_owned(),
            base_url: Some("https://wa-api.cloud/api/v1".to_owned()),
            environment: environment("LIBROMI_API_TOKEN", "LIBROMI"),
            credentials: vec![CredentialKind::ApiKey],
            headers: HeaderRules { always_json: true, ..HeaderRules::default() },
            refreshable: Refreshable::Never,
            auth: AuthRules {
                test: Some(TestCall {
                    query: vec![("per_page".to_owned(), "1".to_owned())],
                    ..TestCall::of("/contacts")
                }),
                ..AuthRules::default()
            },
            unsafe_routes: vec![Route::new("GET", "/contact/*"), Route::new("HEAD", "/contact/*")],
            rate: RateRules {
                tiers: [
                    ("free".to_owned(), rate::limits(&[(1_000, 3_600), (100, 60)])),
                    ("paid".to_owned(), rate::limits(&[(10_000, 3_600), (100, 60)])),
                ]
                .into(),
                default_tier: DefaultTier::Named("free".to_owned()),
                ..RateRules::default()
            },
            paging: Paging {
                items: texts(&["/data/data", "/data"]),
                current: texts(&["/data/current_page", "/meta/current_page"]),
                size: texts(&["/data/per_page", "/meta/per_page"]),
                pages: texts(&["/data/last_page", "/meta/last_page"]),
                ..Paging::default()
            },
            envelope: Envelope {
                keys: texts(&["success", "status", "data", "message", "meta"]),
                list_keys: texts(&["meta"]),
                failed_status: texts(&["failed", "error"]),
            },
            errors: ErrorFields {
                code: texts(&["/error_code"]),
                message: texts(&["/message", "/error"]),
                details: texts(&["/errors"]),
                retry_after: texts(&["/retry_after_seconds"]),
            },
            webhook: Some(Scheme::libromi()),
        }
    }
}
