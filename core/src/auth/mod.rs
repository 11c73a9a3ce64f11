//! Who the client is: credentials, where their tokens come from, and the session that
//! lets one renewal serve many calls.

mod authorization;
mod credentials;
mod file_store;
mod handle;
pub mod jwt;
mod minted;
mod oauth;
mod proof;
mod renewal;
mod scope;
mod session;
mod source;
mod store;
mod token_call;
mod vault;

pub(crate) use self::authorization::Authorization;
pub use self::credentials::Credentials;
pub(crate) use self::credentials::{Kind, Principal, check};
pub use self::file_store::FileStore;
pub use self::handle::{Auth, AuthTest};
pub use self::minted::Jwt;
pub use self::oauth::{AuthorizationRequest, OAuth};
pub use self::scope::CallbackScope;
pub(crate) use self::scope::Scoped;
pub use self::session::SessionInfo;
pub(crate) use self::session::{Held, Next, Session, Way};
pub use self::source::{Token, TokenSource};
pub use self::store::{MemoryStore, StoreLock, StoreResult, TokenStore};
pub(crate) use self::vault::Vault;
