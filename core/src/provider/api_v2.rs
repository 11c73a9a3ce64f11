//! "Our API", version 2.

use std::collections::BTreeMap;

use super::{
    AuthRules, CredentialKind, DefaultTier, Envelope, ErrorFields, HeaderRules, OAuthRules, Paging, Provider,
    RateRules, Refreshable, TestCall, environment, rate, texts,
};
use crate::webhook::Scheme;

impl Provider {
    /// The documented API, version 2. Every 401 reads `UNAUTHORIZED`, so each is worth
    /// one renewal of a renewable token.
    ///
    /// Tiers, by default that of the credential: `api_key` and `jwt` (10,000 an hour and
    /// 100 a second), `oauth` (5,000 and 50), `anonymous` (100 and 5).
    pub fn api_v2() -> Self {
        Self {
            name: "api_v2".to_owned(),
            base_url: Some("https://api.example.com/v2".to_owned()),
            environment: environment("API_KEY", "API_V2"),
            credentials: vec![
                CredentialKind::ApiKey,
                CredentialKind::Bearer,
                CredentialKind::OAuth,
                CredentialKind::Jwt,
                CredentialKind::Source,
            ],
            headers: HeaderRules {
                request_id: Some("x-request-id".to_owned()),
                client_version: Some("x-client-version".to_owned()),
                fixed: BTreeMap::from([("x-api-version".to_owned(), "2.0".to_owned())]),
                ..HeaderRules::default()
            },
            refreshable: Refreshable::Always,
            auth: AuthRules {
                oauth: Some(OAuthRules { url: Some("https://auth.example.com".to_owned()), ..OAuthRules::default() }),
                jwt_issuer: Some("api.example.com".to_owned()),
                test: Some(TestCall { valid: texts(&["/valid", "/data/valid"]), ..TestCall::of("/auth/test") }),
                ..AuthRules::default()
            },
            unsafe_routes: Vec::new(),
            rate: RateRules {
                tiers: [("api_key", 10_000, 100), ("oauth", 5_000, 50), ("jwt", 10_000, 100), ("anonymous", 100, 5)]
                    .map(|(tier, an_hour, a_second)| {
                        (tier.to_owned(), rate::limits(&[(an_hour, 3_600), (a_second, 1)]))
                    })
                    .into(),
                default_tier: DefaultTier::Credential,
                ..RateRules::default()
            },
            paging: Paging {
                current: texts(&["/meta/page"]),
                size: texts(&["/meta/per_page"]),
                total: texts(&["/meta/total"]),
                ..Paging::default()
            },
            envelope: Envelope {
                keys: texts(&["success", "data", "meta", "message"]),
                list_keys: texts(&["meta"]),
                ..Envelope::default()
            },
            errors: ErrorFields {
                code: texts(&["/error/code"]),
                message: texts(&["/error/message", "/message", "/error"]),
                details: texts(&["/error/details"]),
                ..ErrorFields::default()
            },
            webhook: Some(Scheme::api_v2()),
        }
    }
}
