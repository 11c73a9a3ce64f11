//! "Our API", version 2.

use std::collections::BTreeMap;

use super::{
    AuthRules, CredentialKind, Envelope, ErrorFields, HeaderRules, OAuthRules, Paging, Provider, Refreshable, TestCall,
    environment, texts,
};

impl Provider {
    /// The documented API, version 2. Every 401 reads `UNAUTHORIZED`, so each is worth
    /// one renewal of a renewable token.
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
        }
    }
}
