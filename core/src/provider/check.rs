//! Whether a provider of the user's own says what it must.

use super::rate::OTHER;
use super::{CredentialKind, DefaultTier, Provider, RateClass, Route};
use crate::error::Error;
use crate::header::is_visible;

const ROUTE: &str = "must have methods in upper case, and paths that begin with `/` and have `**` only at the end";

impl Provider {
    /// A `config` error that names the field, if one contradicts another or itself.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::config(format!("provider `{}`: {what}", self.name.escape_default())));
        if !is_visible(&self.name) {
            return wrong("name must be a word of printable ASCII".to_owned());
        }
        let has = |kind| self.credentials.contains(&kind);
        if has(CredentialKind::Password) && self.auth.login.is_none() {
            return wrong("credentials has password, so auth.login must say where to log in".to_owned());
        }
        if has(CredentialKind::OAuth) && self.auth.oauth.is_none() {
            return wrong("credentials has oauth, so auth.oauth must say where its endpoints are".to_owned());
        }
        let paging = &self.paging;
        if paging.max_size == 0 || paging.page_parameter.is_empty() || paging.size_parameter.is_empty() {
            return wrong("paging needs a page_parameter, a size_parameter and a max_size of at least 1".to_owned());
        }
        if let Err(problem) = self.check_rate() {
            return wrong(problem);
        }
        if let Some(scheme) = &self.webhook {
            scheme.check()?;
        }
        let (grant, errors) = (&self.auth.grant, &self.errors);
        let pointers = [
            ("auth.grant.access_token", &grant.access_token),
            ("auth.grant.refresh_token", &grant.refresh_token),
            ("auth.grant.expires_in", &grant.expires_in),
            ("auth.grant.expires_at", &grant.expires_at),
            ("auth.grant.organization", &grant.organization),
            ("auth.grant.user", &grant.user),
            ("paging.items", &paging.items),
            ("paging.current", &paging.current),
            ("paging.size", &paging.size),
            ("paging.has_next", &paging.has_next),
            ("paging.pages", &paging.pages),
            ("paging.total", &paging.total),
            ("errors.code", &errors.code),
            ("errors.message", &errors.message),
            ("errors.details", &errors.details),
            ("errors.retry_after", &errors.retry_after),
        ];
        let is_pointer = |text: &String| text.is_empty() || text.starts_with('/');
        match pointers.into_iter().find(|(_, list)| !list.iter().all(is_pointer)) {
            Some((field, _)) => wrong(format!("{field} must hold JSON pointers, which begin with `/`")),
            None => Ok(()),
        }
    }

    fn check_rate(&self) -> Result<(), String> {
        let rate = &self.rate;
        if !self.unsafe_routes.iter().all(Route::is_valid) {
            return Err(format!("unsafe_routes {ROUTE}"));
        }
        for RateClass { name, routes } in &rate.classes {
            if !is_visible(name) || name == OTHER || rate.classes.iter().filter(|class| class.name == *name).count() > 1
            {
                return Err(format!(
                    "rate.classes must have names of their own, of printable ASCII, and `{OTHER}` is that of all others"
                ));
            }
            if !routes.iter().all(Route::is_valid) {
                return Err(format!("rate.classes: the routes of `{name}` {ROUTE}"));
            }
        }
        for (tier, limits) in &rate.tiers {
            self.check_limits(limits).map_err(|problem| format!("rate.tiers: `{tier}`: {problem}"))?;
        }
        match &rate.default_tier {
            DefaultTier::Named(tier) if !rate.tiers.contains_key(tier) => {
                Err(format!("rate.default_tier names `{tier}`, which rate.tiers does not have"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_families_say_what_they_must() {
        for name in ["linktor", "linkit", "libromi", "api_v1", "api_v2"] {
            Provider::named(name).and_then(|provider| provider.check()).expect(name);
        }
    }

    #[test]
    fn a_document_that_contradicts_itself_is_refused_by_its_field() {
        for (json, field) in [
            (r#"{"name": "", "credentials": []}"#, "name"),
            (r#"{"name": "x", "credentials": ["password"]}"#, "auth.login"),
            (r#"{"name": "x", "credentials": ["oauth"]}"#, "auth.oauth"),
            (r#"{"name": "x", "credentials": [], "paging": {"max_size": 0}}"#, "max_size"),
            (r#"{"name": "x", "credentials": [], "paging": {"items": ["data"]}}"#, "paging.items"),
            (r#"{"name": "x", "credentials": [], "errors": {"code": ["code"]}}"#, "errors.code"),
            (r#"{"name": "x", "credentials": [], "webhook": {"signature": {"kind": "hmac", "header": "a b"}}}"#, "a b"),
            (r#"{"name": "x", "credentials": [], "unsafe_routes": [{"path": "a"}]}"#, "unsafe_routes"),
            (r#"{"name": "x", "credentials": [], "unsafe_routes": [{"method": "get", "path": "/"}]}"#, "upper case"),
            (r#"{"name": "x", "credentials": [], "rate": {"classes": [{"name": "other", "routes": []}]}}"#, "other"),
            (r#"{"name": "x", "credentials": [], "rate": {"tiers": {"free": []}}}"#, "free"),
            (
                r#"{"name": "x", "credentials": [], "rate": {"tiers": {"t": [{"limit": 0, "window": 1}]}}}"#,
                "at least 1",
            ),
            (r#"{"name": "x", "credentials": [], "rate": {"default_tier": {"named": "t"}}}"#, "default_tier"),
            (r#"{"name": "x", "credentials": [], "pagging": {}}"#, "pagging"),
            (r#"{"name": "x", "credentials": ["cookie"]}"#, "cookie"),
        ] {
            let error = Provider::from_json(json).expect_err(json);
            assert!(error.message().contains(field), "{error}");
        }
    }
}
