//! Client for the Linktor, Linkit and Libromi Connect APIs and two more documented
//! families: auth headers, tokens, organizations, retries, rate limits and errors, right
//! once.
//!
//! ```no_run
//! # async fn example() -> Result<(), linktor::Error> {
//! let client = linktor::Client::new("YOUR_API_KEY")?;
//! let me: serde_json::Value = client.get("/me").send().await?.data()?;
//! println!("{}", me["email"]);
//! # Ok(())
//! # }
//! ```
//!
//! Every failure is an [`Error`] whose [`kind`](Error::kind) says what went wrong and
//! whose [`sent`](Error::sent) says whether the server may have acted.

#![forbid(unsafe_code)]

mod auth;
mod base_url;
mod client;
mod clock;
mod document;
mod error;
mod header;
mod id;
mod observer;
mod organization;
mod page;
mod pipeline;
mod provider;
mod rate_limit;
#[cfg(test)]
#[path = "../tests/vectors/report.rs"]
mod report;
mod request;
mod response;
mod retry;
mod secret;
mod transport;
pub mod webhook;

pub use http::{HeaderMap, HeaderName, HeaderValue, Method};

pub use crate::auth::{
    Auth, AuthTest, AuthorizationRequest, CallbackScope, Credentials, FileStore, Jwt, MemoryStore, OAuth, SessionInfo,
    StoreLock, StoreResult, Token, TokenSource, TokenStore, jwt,
};
pub use crate::client::{Client, ClientBuilder};
pub use crate::clock::{Clock, SystemClock};
pub use crate::error::{Error, ErrorKind, Sent};
pub use crate::observer::{Call, Event, Observer, Outcome, WaitReason};
pub use crate::page::{Page, Paginator};
pub use crate::provider::{
    AuthRules, CredentialKind, DefaultTier, Envelope, Environment, ErrorFields, GrantFields, HeaderRules, Limit,
    Limits, OAuthRules, Paging, Payload, Provider, RateClass, RateRules, Refreshable, Route, Scheme, TestCall,
};
pub use crate::rate_limit::{Pacing, RateLimit};
pub use crate::request::{Request, RequestBuilder};
pub use crate::response::Response;
pub use crate::secret::Secret;
pub use crate::transport::{Transport, TransportError, TransportFailure, TransportRequest, TransportResponse};
