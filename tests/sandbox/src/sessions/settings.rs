//! How later sessions behave.

use serde::Deserialize;

use crate::family::Family;

/// What a renewal does to refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rotation {
    None,
    Soft,
    Strict,
    Overlap,
}

/// The two shapes in which `linktor` answers a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoginShape {
    Server,
    Documented,
}

/// Where `linkit` says that a session ends; it ends when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToldExpiry {
    Future,
    Past,
}

/// The settings of a family, and of each session since it began. Lives are seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) access_life: Option<u32>,
    pub(crate) refresh_life: Option<u32>,
    pub(crate) rotation: Rotation,
    pub(crate) login_shape: LoginShape,
    pub(crate) told_expiry: ToldExpiry,
}

/// What is to change; the rest stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionsCall {
    pub(crate) family: Family,
    access_life: Option<u32>,
    refresh_life: Option<u32>,
    rotation: Option<Rotation>,
    login_shape: Option<LoginShape>,
    expires_at: Option<ToldExpiry>,
}

impl Settings {
    pub(crate) fn of(family: Family) -> Self {
        Self {
            access_life: None,
            refresh_life: (family == Family::Linktor).then_some(7 * 86_400),
            rotation: if family == Family::Linktor { Rotation::Soft } else { Rotation::Strict },
            login_shape: LoginShape::Server,
            told_expiry: ToldExpiry::Future,
        }
    }

    /// Fails, and changes nothing, when the family has no such setting.
    pub(crate) fn change(&mut self, call: &SessionsCall) -> Result<(), String> {
        let family = call.family;
        let known = family.credentials();
        for (name, given, exists) in [
            ("access_life", call.access_life.is_some(), known.access_token.is_some()),
            ("refresh_life", call.refresh_life.is_some(), known.refresh_token.is_some()),
            ("rotation", call.rotation.is_some(), known.refresh_token.is_some()),
            ("login_shape", call.login_shape.is_some(), family == Family::Linktor),
            ("expires_at", call.expires_at.is_some(), family == Family::Linkit),
        ] {
            if given && !exists {
                return Err(format!("{name}: {} has none", family.name()));
            }
        }
        self.access_life = call.access_life.or(self.access_life);
        self.refresh_life = call.refresh_life.or(self.refresh_life);
        self.rotation = call.rotation.unwrap_or(self.rotation);
        self.login_shape = call.login_shape.unwrap_or(self.login_shape);
        self.told_expiry = call.expires_at.unwrap_or(self.told_expiry);
        Ok(())
    }
}
