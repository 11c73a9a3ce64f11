//! A family's keys and sessions, and how refresh tokens are rotated.

use std::borrow::Cow;
use std::collections::HashMap;

use super::consent::{Consent, Consents};
use super::settings::{Rotation, SessionsCall, Settings};
use super::{ALL, Credential, Standing, token};
use crate::family::Family;

/// The session of the constants, which never ages.
const FIRST: usize = 0;

/// Everything here is told by its token.
#[derive(Debug)]
pub(crate) struct Book {
    family: Family,
    pub(crate) settings: Settings,
    pub(crate) consents: Consents,
    /// The user's password.
    pub(crate) password: Cow<'static, str>,
    keys: HashMap<String, Key>,
    sessions: Vec<Session>,
    access: HashMap<String, Vec<Access>>,
    refresh: HashMap<String, Place>,
}

#[derive(Debug)]
struct Key {
    id: String,
    read_only: bool,
}

#[derive(Debug)]
struct Session {
    settings: Settings,
    scopes: Cow<'static, str>,
    /// In the order in which they were issued.
    refresh: Vec<Refresh>,
    ended: bool,
}

#[derive(Debug)]
struct Refresh {
    end: Option<u64>,
    used: bool,
}

/// An access token of a session. `linktor`'s sessions may hold the same one.
#[derive(Debug)]
struct Access {
    session: usize,
    end: u64,
}

/// Where a refresh token is.
#[derive(Clone, Copy, Debug)]
struct Place {
    session: usize,
    number: usize,
}

/// What a login, an exchange or a renewal brings.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    /// Seconds that the access token lives.
    pub(crate) life: u32,
    /// The settings of its session.
    pub(crate) settings: Settings,
}

impl Book {
    /// The book with the family's constants in it.
    pub(super) fn of(family: Family) -> Self {
        let constants = family.credentials();
        let settings = Settings::of(family);
        let mut book = Self {
            family,
            settings,
            consents: Consents::default(),
            password: constants.user.map_or("", |user| user.password).into(),
            keys: HashMap::new(),
            sessions: vec![Session { settings, scopes: ALL.into(), refresh: Vec::new(), ended: false }],
            access: HashMap::new(),
            refresh: HashMap::new(),
        };
        book.add_key("key_1", constants.api_key, false);
        if let Some(key) = constants.read_only_key {
            book.add_key("key_2", key, true);
        }
        for (token, end) in [(constants.access_token, u64::MAX), (constants.expired_token, 0)] {
            book.access.extend(token.map(|token| (token.to_owned(), vec![Access { session: FIRST, end }])));
        }
        if let Some(token) = constants.refresh_token {
            book.add_refresh(FIRST, token.to_owned(), None);
        }
        book
    }

    pub(super) fn standing(&self, token: &str, now: u64) -> Standing {
        if let Some(key) = self.keys.get(token) {
            return Standing::Known(Credential::Key { read_only: key.read_only });
        }
        let mut standing = Standing::Unknown;
        for access in self.access.get(token).into_iter().flatten() {
            let session = &self.sessions[access.session];
            if session.ended {
                continue;
            }
            if now < access.end {
                return Standing::Known(Credential::Session { scopes: session.scopes.clone() });
            }
            standing = Standing::Expired;
        }
        standing
    }

    pub(crate) fn add_key(&mut self, id: &str, key: &str, read_only: bool) {
        self.keys.insert(key.to_owned(), Key { id: id.to_owned(), read_only });
    }

    pub(crate) fn remove_key(&mut self, id: &str) {
        self.keys.retain(|_, key| key.id != id);
    }

    /// Begins a session; the consent of its user allows these scopes.
    pub(crate) fn begin(&mut self, scopes: String, now: u64, is_renewable: bool) -> Granted {
        let session = Session { settings: self.settings, scopes: scopes.into(), refresh: Vec::new(), ended: false };
        self.sessions.push(session);
        self.issue(self.sessions.len() - 1, now, is_renewable)
    }

    /// Exchanges a refresh token. One that was used up ends its session.
    pub(crate) fn renew(&mut self, token: &str, now: u64) -> Option<Granted> {
        let Place { session: index, number } = *self.refresh.get(token)?;
        let session = &mut self.sessions[index];
        if session.ended {
            return None;
        }
        if session.refresh[number].used {
            session.ended = true;
            return None;
        }
        if session.refresh[number].end.is_some_and(|end| end <= now) {
            return None;
        }
        let rotation = session.settings.rotation;
        match rotation {
            Rotation::None | Rotation::Soft => {}
            Rotation::Strict => session.refresh[number].used = true,
            Rotation::Overlap => session.refresh[..number].iter_mut().for_each(|older| older.used = true),
        }
        Some(self.issue(index, now, rotation != Rotation::None))
    }

    /// Ends the life of an access token, or of all so far. Fails when there is none like it.
    pub(crate) fn expire(&mut self, token: Option<&str>) -> Result<(), String> {
        let held = match token {
            None => self.access.values_mut().flatten().collect(),
            Some(token) => self.access.get_mut(token).map_or_else(Vec::new, |held| held.iter_mut().collect()),
        };
        if held.is_empty() {
            return Err("token: no such access token".to_owned());
        }
        for access in held {
            access.end = 0;
        }
        Ok(())
    }

    /// Ends the sessions that hold a token, or all so far, or a key. Fails when there is none like it.
    pub(crate) fn revoke(&mut self, token: Option<&str>) -> Result<(), String> {
        let Some(token) = token else {
            self.sessions.iter_mut().for_each(|session| session.ended = true);
            return Ok(());
        };
        if self.keys.remove(token).is_some() {
            return Ok(());
        }
        let holders = self.access.get(token).into_iter().flatten().map(|access| access.session);
        let holders: Vec<_> = holders.chain(self.refresh.get(token).map(|place| place.session)).collect();
        for holder in &holders {
            self.sessions[*holder].ended = true;
        }
        if holders.is_empty() { Err("token: no such token or key".to_owned()) } else { Ok(()) }
    }

    /// Changes how later sessions behave, and that of the constants.
    pub(crate) fn change(&mut self, call: &SessionsCall) -> Result<(), String> {
        self.settings.change(call)?;
        self.sessions[FIRST].settings = self.settings;
        Ok(())
    }

    /// Keeps what a user agreed to, and gives its code.
    pub(crate) fn consent(&mut self, consent: Consent) -> String {
        let code = token::opaque(self.family, "code");
        self.consents.add(code.clone(), consent);
        code
    }

    fn issue(&mut self, index: usize, now: u64, is_renewable: bool) -> Granted {
        let settings = self.sessions[index].settings;
        let life = settings.access_life.unwrap_or(match self.family {
            Family::Linktor => 900,
            Family::Linkit => 86_400,
            _ => 3_600,
        });
        let end = now + u64::from(life);
        let access_token = token::access(self.family, now, end);
        let held = self.access.entry(access_token.clone()).or_default();
        held.retain(|access| access.session != index);
        held.push(Access { session: index, end });
        let refresh_token = is_renewable.then(|| {
            let end = settings.refresh_life.map(|life| now + u64::from(life));
            let token = token::refresh(self.family, now, end);
            self.add_refresh(index, token.clone(), end);
            token
        });
        Granted { access_token, refresh_token, life, settings }
    }

    fn add_refresh(&mut self, session: usize, token: String, end: Option<u64>) {
        let issued = &mut self.sessions[session].refresh;
        self.refresh.insert(token, Place { session, number: issued.len() });
        issued.push(Refresh { end, used: false });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn book(family: Family, settings: &serde_json::Value) -> Book {
        let mut book = Book::of(family);
        let mut call = settings.clone();
        call["family"] = family.name().into();
        assert_eq!(book.change(&serde_json::from_value(call).unwrap()), Ok(()));
        book
    }

    fn renew(book: &mut Book, token: &str) -> String {
        book.renew(token, 1_000).and_then(|granted| granted.refresh_token).unwrap()
    }

    fn is_known(book: &Book, token: &str) -> bool {
        matches!(book.standing(token, 1_000), Standing::Known(_))
    }

    #[test]
    fn strict_ends_the_session_of_a_token_that_comes_twice() {
        let mut book = book(Family::ApiV2, &json!({"rotation": "strict"}));
        let first = book.begin(ALL.to_owned(), 1_000, true);
        let other = book.begin(ALL.to_owned(), 1_000, true);
        let token = first.refresh_token.unwrap();
        let next = book.renew(&token, 1_000).unwrap();
        assert!(is_known(&book, &first.access_token) && is_known(&book, &next.access_token));
        assert!(book.renew(&token, 1_000).is_none());
        assert!(!is_known(&book, &first.access_token) && !is_known(&book, &next.access_token));
        assert!(book.renew(&next.refresh_token.unwrap(), 1_000).is_none());
        assert!(is_known(&book, &other.access_token));
        assert!(book.renew(&other.refresh_token.unwrap(), 1_000).is_some());
    }

    #[test]
    fn overlap_keeps_the_old_one_until_a_newer_one_is_first_used() {
        let mut book = book(Family::Linktor, &json!({"rotation": "overlap"}));
        let old = book.begin(ALL.to_owned(), 1_000, true).refresh_token.unwrap();
        let lost = renew(&mut book, &old);
        let kept = renew(&mut book, &old);
        assert!(lost != kept && old != kept);
        let next = renew(&mut book, &kept);
        let again = renew(&mut book, &kept);
        assert_ne!(next, again);
        assert!(book.renew(&lost, 1_000).is_none());
        for ended in [&old, &kept, &next, &again] {
            assert!(book.renew(ended, 1_000).is_none());
        }
    }

    #[test]
    fn overlap_leaves_a_younger_sibling_good() {
        let mut book = book(Family::ApiV1, &json!({"rotation": "overlap"}));
        let old = book.begin(ALL.to_owned(), 1_000, true).refresh_token.unwrap();
        let elder = renew(&mut book, &old);
        let younger = renew(&mut book, &old);
        renew(&mut book, &elder);
        renew(&mut book, &younger);
        assert!(book.renew(&elder, 1_000).is_none());
        assert!(book.renew(&younger, 1_000).is_none());
    }

    #[test]
    fn soft_keeps_all_of_them_and_none_gives_no_other() {
        let mut soft = book(Family::Linktor, &json!({"rotation": "soft"}));
        let token = soft.begin(ALL.to_owned(), 1_000, true).refresh_token.unwrap();
        let next = renew(&mut soft, &token);
        for token in [&next, &token, &next] {
            renew(&mut soft, token);
        }
        let mut none = book(Family::ApiV2, &json!({"rotation": "none"}));
        let token = none.begin(ALL.to_owned(), 1_000, true).refresh_token.unwrap();
        for _ in 0..2 {
            assert!(none.renew(&token, 1_000).unwrap().refresh_token.is_none());
        }
    }

    #[test]
    fn a_token_that_two_sessions_hold_is_good_until_both_have_ended() {
        let mut book = book(Family::Linktor, &json!({}));
        let one = book.begin(ALL.to_owned(), 1_000, true);
        let other = book.begin(ALL.to_owned(), 1_000, true);
        assert_eq!(one.access_token, other.access_token);
        assert_eq!(book.revoke(one.refresh_token.as_deref()), Ok(()));
        assert!(is_known(&book, &one.access_token));
        assert_eq!(book.expire(Some(&one.access_token)), Ok(()));
        assert_eq!(book.standing(&one.access_token, 1_000), Standing::Expired);
        let renewed = book.renew(&other.refresh_token.unwrap(), 1_000).unwrap();
        assert_eq!(renewed.access_token, other.access_token);
        assert!(is_known(&book, &renewed.access_token));
    }

    #[test]
    fn lives_end_at_their_second() {
        let mut book = book(Family::ApiV1, &json!({"access_life": 10, "refresh_life": 20}));
        let granted = book.begin(ALL.to_owned(), 1_000, true);
        assert!(matches!(book.standing(&granted.access_token, 1_009), Standing::Known(_)));
        assert_eq!(book.standing(&granted.access_token, 1_010), Standing::Expired);
        let token = granted.refresh_token.unwrap();
        assert!(book.renew(&token, 1_020).is_none());
        assert!(book.renew(&token, 1_019).is_some());
    }
}
