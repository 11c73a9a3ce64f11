//! What happens to a request before its route: it is counted, and told so in headers.

use axum::response::Response;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

use super::rates::{Caller, Tally};
use super::{Family, api_v1, api_v2, authorization, bearer, libromi, linkit, linktor};
use crate::sessions::Credential;
use crate::state::{Shared, lock};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Family {
    /// What a request's answer has, whatever the route says: its headers, and the 429 in the
    /// route's place when it is one too many.
    pub(crate) fn admit(self, shared: &Shared, request: &Parts) -> (HeaderMap, Option<Response>) {
        let mut headers = HeaderMap::new();
        let tally = self.tally(shared, request);
        if matches!(self, Self::Linktor | Self::ApiV2 | Self::ApiV1)
            && let Some(tally) = tally
        {
            tally.publish(&mut headers);
        }
        match request.headers.get(REQUEST_ID) {
            Some(id) if matches!(self, Self::Linktor | Self::ApiV2) => {
                headers.insert(REQUEST_ID, id.clone());
            }
            None if self == Self::Linktor => {
                let id = HeaderValue::try_from(uuid::Uuid::new_v4().to_string());
                headers.extend(id.map(|id| (REQUEST_ID, id)));
            }
            _ => {}
        }
        (headers, tally.and_then(|tally| Some(self.too_many(tally.wait?, tally.reset()))))
    }

    /// Counts a request. Open limits are counted for those who publish them.
    fn tally(self, shared: &Shared, request: &Parts) -> Option<Tally> {
        let now = shared.clock.millis();
        let authorization = authorization(&request.headers).unwrap_or_default();
        let mut rates = lock(&shared.rates);
        let admitted = if rates.is_limited(self) {
            let caller = self.caller(shared, request, authorization);
            rates.admit(self, &caller, now)
        } else {
            None
        };
        match self {
            Self::Linkit | Self::Libromi => admitted,
            _ => Some(admitted.unwrap_or_else(|| rates.count(self, authorization, now))),
        }
    }

    /// Which class of limits a request falls under, and who is counted. There is one address, and
    /// one user who agrees to OAuth clients.
    fn caller(self, shared: &Shared, request: &Parts, authorization: &str) -> Caller {
        let path = request.uri.path();
        let by_credential = |class| Caller { class, name: authorization.to_owned() };
        let together = |class| Caller { class, name: String::new() };
        match self {
            Self::Linktor if self.path(path).starts_with("/api/v1/auth/") => together("authentication"),
            Self::Linktor if request.method == Method::POST && path.ends_with("/messages") => by_credential("messages"),
            Self::ApiV2 => match bearer(self, shared, &request.headers) {
                Ok(Credential::Key { .. }) => by_credential("api_key"),
                Ok(Credential::Session { .. }) => together("oauth"),
                Ok(Credential::Jwt { subject, .. }) => Caller { class: "jwt", name: subject },
                Err(_) => together("anonymous"),
            },
            _ => by_credential("other"),
        }
    }

    /// The classes that a limit can be restricted to.
    pub(super) fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Linktor => &["authentication", "messages", "other"],
            Self::ApiV2 => &["api_key", "oauth", "jwt", "anonymous"],
            Self::Linkit | Self::Libromi | Self::ApiV1 => &[],
        }
    }

    /// The 429, `wait` seconds before the window is over at `reset`.
    fn too_many(self, wait: u64, reset: u64) -> Response {
        match self {
            Self::Linktor => linktor::too_many(wait),
            Self::Linkit => linkit::too_many(),
            Self::Libromi => libromi::too_many(wait, reset),
            Self::ApiV2 => api_v2::too_many(),
            Self::ApiV1 => api_v1::too_many(wait),
        }
    }
}
