//! Who may call: the keys, sessions and tokens of each family.

mod book;
mod consent;
mod settings;
mod token;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;

use crate::clock::Clock;
use crate::family::Family;
use crate::jwt;
use crate::state::lock;

pub(crate) use book::{Book, Granted};
pub(crate) use consent::{CODE_LIFE, Consent};
pub(crate) use settings::{LoginShape, SessionsCall, ToldExpiry};

/// Who issues the JWTs that `api_v2` accepts.
const ISSUER: &str = "api.example.com";

/// A scope that allows everything.
pub(crate) const ALL: &str = "admin:all";

/// What a family can say of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Unknown,
    Expired,
    Known(Credential),
}

/// A credential that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    Key {
        read_only: bool,
    },
    /// Scopes are parted by spaces.
    Session {
        scopes: Cow<'static, str>,
    },
    Jwt {
        subject: String,
        scopes: String,
    },
}

impl Credential {
    pub(crate) fn is_read_only(&self) -> bool {
        *self == Self::Key { read_only: true }
    }

    /// Whether it may `read`, `write` or `delete` this resource.
    pub(crate) fn allows(&self, action: &str, resource: &str) -> bool {
        let scopes = match self {
            Self::Key { read_only } => return !read_only || action == "read",
            Self::Session { scopes } => scopes.as_ref(),
            Self::Jwt { scopes, .. } => scopes,
        };
        scopes.split(' ').any(|scope| match scope {
            ALL => true,
            "read:all" => action == "read",
            "write:own" => action == "write",
            _ => scope.split_once(':') == Some((action, resource)),
        })
    }
}

/// One book a family. While nobody has opened a family's book, its constants are as they were at
/// the start, so that they are told by a comparison: benchmarks run against the sandbox.
#[derive(Debug)]
pub(crate) struct Sessions {
    books: [Mutex<Book>; Family::ALL.len()],
    opened: [AtomicBool; Family::ALL.len()],
}

impl Default for Sessions {
    fn default() -> Self {
        Self { books: Family::ALL.map(|family| Mutex::new(Book::of(family))), opened: Default::default() }
    }
}

impl Sessions {
    /// A family's book, to write in it.
    pub(crate) fn book(&self, family: Family) -> MutexGuard<'_, Book> {
        self.opened[family as usize].store(true, Ordering::Release);
        lock(&self.books[family as usize])
    }

    pub(crate) fn standing(&self, family: Family, token: &str, clock: &Clock) -> Standing {
        if !self.opened[family as usize].load(Ordering::Acquire) {
            let constants = family.credentials();
            if token == constants.api_key {
                return Standing::Known(Credential::Key { read_only: false });
            }
            if Some(token) == constants.access_token {
                return Standing::Known(Credential::Session { scopes: ALL.into() });
            }
        }
        let now = clock.seconds();
        let standing = lock(&self.books[family as usize]).standing(token, now);
        match family.credentials().jwt_secret {
            Some(secret) if standing == Standing::Unknown => minted(token, secret, now),
            _ => standing,
        }
    }

    pub(crate) fn reset(&self) {
        for family in Family::ALL {
            *self.book(family) = Book::of(family);
            self.opened[family as usize].store(false, Ordering::Release);
        }
    }
}

/// The standing of a JWT that the caller signed.
fn minted(token: &str, secret: &str, now: u64) -> Standing {
    let Some(claims) = jwt::verify(token, secret) else {
        return Standing::Unknown;
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    match claims.get("exp").and_then(Value::as_u64) {
        _ if text("iss") != ISSUER => Standing::Unknown,
        None => Standing::Unknown,
        Some(end) if end <= now => Standing::Expired,
        Some(_) => {
            let scopes = claims.get("scopes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let scopes: Vec<_> = scopes.iter().filter_map(Value::as_str).collect();
            Standing::Known(Credential::Jwt { subject: text("sub").to_owned(), scopes: scopes.join(" ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scope_allows_its_action_on_its_resource() {
        let scoped = |scopes: &'static str| Credential::Session { scopes: scopes.into() };
        assert!(scoped("write:users read:users").allows("read", "users"));
        assert!(!scoped("read:users").allows("write", "users"));
        assert!(!scoped("read:users").allows("read", "projects"));
        assert!(scoped("read:all").allows("read", "projects") && !scoped("read:all").allows("write", "projects"));
        assert!(scoped("write:own").allows("write", "users") && !scoped("write:own").allows("delete", "users"));
        assert!(scoped(ALL).allows("delete", "users"));
        assert!(!scoped("").allows("read", "users"));
    }

    #[test]
    fn a_minted_token_is_known_by_its_issuer_until_it_ends() {
        let standing = |claims: Value| minted(&jwt::sign(&claims, "secret"), "secret", 100);
        let claims = json!({"sub": "ada", "iss": ISSUER, "exp": 101, "scopes": ["read:all", "write:own"]});
        let known = Credential::Jwt { subject: "ada".to_owned(), scopes: "read:all write:own".to_owned() };
        assert_eq!(standing(claims), Standing::Known(known));
        assert_eq!(standing(json!({"iss": ISSUER, "exp": 100})), Standing::Expired);
        assert_eq!(standing(json!({"iss": ISSUER})), Standing::Unknown);
        assert_eq!(standing(json!({"iss": "elsewhere", "exp": 101})), Standing::Unknown);
        assert_eq!(minted("opaque", "secret", 100), Standing::Unknown);
    }
}
