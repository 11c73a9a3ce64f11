//! May a request be tried again, and when.

mod budget;
pub(crate) mod hint;
mod policy;

pub(crate) use self::budget::{Budget, Cost, cost};
pub(crate) use self::policy::{Policy, backoff, is_transient, may_repeat};
