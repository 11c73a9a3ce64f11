//! Who the client is: credentials, the caller's own token source, and the session that
//! lets one renewal serve many calls.

mod credentials;
mod session;
mod source;

pub use self::credentials::Credentials;
pub(crate) use self::credentials::{Kind, check};
pub use self::session::RenewalScope;
pub(crate) use self::session::{Authorization, Held, Session};
pub use self::source::{Token, TokenSource};
