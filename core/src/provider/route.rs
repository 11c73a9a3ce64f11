//! Which requests a rule is about.

use http::Method;
use serde::{Deserialize, Serialize};

/// Requests by method and path.
///
/// ```
/// use linktor::{Provider, Route};
///
/// let mut parcels = Provider::new("parcels");
/// // Reading a parcel's label charges for it, so a failed read is not repeated.
/// parcels.unsafe_routes.push(Route::new("GET", "/parcels/*/label"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Route {
    /// The method, in upper case. None: every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path under the base URL. `*` stands for one segment, `**` at the end for one
    /// or more.
    pub path: String,
}

impl Route {
    /// Requests of this method.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self { method: Some(method.into()), path: path.into() }
    }

    /// Requests of every method.
    pub fn any(path: impl Into<String>) -> Self {
        Self { method: None, path: path.into() }
    }

    /// Whether a request of this method and path, under the base URL, is one of them.
    pub(crate) fn matches(&self, method: &Method, path: &str) -> bool {
        if self.method.as_ref().is_some_and(|known| known != method.as_str()) {
            return false;
        }
        let mut asked = segments(path);
        let mut known = segments(&self.path);
        loop {
            match (known.next(), asked.next()) {
                (None, None) | (Some("**"), Some(_)) => return true,
                (Some(known), Some(asked)) if known == "*" || known == asked => {}
                _ => return false,
            }
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        let is_method = |method: &String| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_last = |pattern: &str| pattern.find("**").is_none_or(|at| at + 2 == pattern.len());
        self.method.as_ref().is_none_or(is_method) && self.path.starts_with('/') && is_last(&self.path)
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        let route = Route::new("GET", "/contact/*");
        assert!(route.matches(&Method::GET, "/contact/4915112345678"));
        assert!(route.matches(&Method::GET, "contact/1/"));
        for (method, path) in
            [(Method::PUT, "/contact/1"), (Method::GET, "/contact"), (Method::GET, "/contact/1/attributes")]
        {
            assert!(!route.matches(&method, path), "{method} {path}");
        }
        let route = Route::any("/auth/**");
        assert!(route.matches(&Method::POST, "/auth/login") && route.matches(&Method::GET, "/auth/a/b"));
        assert!(!route.matches(&Method::POST, "/auth") && !route.matches(&Method::POST, "/author/x"));
    }
}
