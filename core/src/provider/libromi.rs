//! Libromi Connect: one kind of token, final when refused.

use super::{
    AuthRules, CredentialKind, Envelope, ErrorFields, HeaderRules, Paging, Provider, Refreshable, TestCall,
    environment, texts,
};

impl Provider {
    /// Libromi Connect. Its tokens are made in the dashboard and never renewed. Every
    /// request says that it is JSON, as the family's page does.
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
        }
    }
}
