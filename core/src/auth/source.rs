//! The caller's own token source.

use std::error::Error as StdError;
use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::secret::Secret;

/// Gives tokens on demand: a secrets manager, a broker of short-lived credentials.
///
/// Any `Fn() -> Future<Output = Result<impl Into<Token>, impl Into<Box<dyn Error>>>>` is
/// one. It is called by one renewal at a time, and bounded by the client's `timeout`. An
/// error it returns, or a panic, becomes a `callback` error of the calls that waited for it.
pub trait TokenSource: Send + Sync + 'static {
    /// The next token.
    fn token(&self) -> BoxFuture<'_, Result<Token, Box<dyn StdError + Send + Sync>>>;
}

impl<F, Answer, T, E> TokenSource for F
where
    F: Fn() -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<T, E>> + Send + 'static,
    T: Into<Token> + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    fn token(&self) -> BoxFuture<'_, Result<Token, Box<dyn StdError + Send + Sync>>> {
        let answer = self();
        Box::pin(async move { answer.await.map(Into::into).map_err(Into::into) })
    }
}

/// An access token and, where it is known, how long it lives.
#[derive(Debug, Clone)]
pub struct Token {
    pub(crate) value: Secret,
    pub(crate) expires_in: Option<Duration>,
}

impl Token {
    /// A token of unknown life: it is used until a 401 refuses it.
    pub fn new(value: impl Into<Secret>) -> Self {
        Self { value: value.into(), expires_in: None }
    }

    /// The token is used no longer than this.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.expires_in = Some(life);
        self
    }
}

impl From<&str> for Token {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl From<String> for Token {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}
