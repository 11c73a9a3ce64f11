//! Libromi Connect: one kind of token, final when refused.

use super::{CredentialKind, Envelope, ErrorFields, HeaderRules, Provider, Refreshable, environment, texts};

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
