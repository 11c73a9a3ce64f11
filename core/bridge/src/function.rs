//! The user's own token source, token store and transport, as the core asks them.

use std::error::Error as StdError;
use std::time::Duration;

use futures_util::future::BoxFuture;
use linktor::{
    Secret, StoreLock, StoreResult, Token, TokenSource, TokenStore, Transport, TransportError, TransportRequest,
    TransportResponse,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::port::Question;
use crate::upcall::{Answer, Asked, Failure, Functions};

impl TokenSource for Functions {
    fn token(&self) -> BoxFuture<'_, Result<Token, Box<dyn StdError + Send + Sync>>> {
        Box::pin(async move {
            let expected = "the token source must return the token as text, or a token and expires_in seconds";
            let (given, asked): (Given, _) = read(self.ask(Question::Token).await?, expected)?;
            given.token().ok_or_else(|| {
                let message = "the token source's expires_in must be a number of seconds, not below zero";
                asked.failure(message).into()
            })
        })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Record {
        token: String,
        #[serde(default)]
        expires_in: Option<f64>,
    },
}

impl Given {
    /// Nothing, if its life can be none.
    fn token(self) -> Option<Token> {
        let (token, life) = match self {
            Self::Text(token) => (token, None),
            Self::Record { token, expires_in } => (token, expires_in),
        };
        let token = Token::new(token);
        match life {
            None => Some(token),
            Some(life) if life.is_nan() || life < 0.0 => None,
            // A life longer than any clock is no limit.
            Some(life) => Some(match Duration::try_from_secs_f64(life) {
                Ok(life) => token.expires_in(life),
                Err(_) => token,
            }),
        }
    }
}

impl TokenStore for Functions {
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        let question = Question::Load { key: key.to_owned() };
        Box::pin(async move {
            let expected = "the token store's load must return the text that was saved, or nothing";
            let (text, _): (Option<String>, _) = read(self.ask(question).await?, expected)?;
            Ok(text.map(Secret::from))
        })
    }

    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>> {
        let question = Question::Save { key: key.to_owned(), record };
        Box::pin(async move {
            self.ask(question).await?;
            Ok(())
        })
    }

    fn lock(&self, key: &str) -> BoxFuture<'_, StoreResult<StoreLock>> {
        let question = Question::Lock { key: key.to_owned() };
        Box::pin(async move {
            let (is_held, asked) = read(self.ask(question).await?, "whether there is a lock must be true or false")?;
            Ok(if is_held { StoreLock::held(asked.held()) } else { StoreLock::unsupported() })
        })
    }
}

impl Transport for Functions {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async move {
            match self.ask_caller(Question::Send(Box::new(request))).await? {
                (Answer::Response(response), _) => Ok(response),
                (Answer::Json(_), asked) => Err(asked.failure("the transport must answer with a response").into()),
            }
        })
    }
}

/// The parser's own message is not shown: it may hold a token.
fn read<T: DeserializeOwned>((answer, asked): (Answer, Asked), expected: &str) -> Result<(T, Asked), Failure> {
    let read = match &answer {
        Answer::Json(json) => serde_json::from_str(json).ok(),
        Answer::Response(_) => None,
    };
    match read {
        Some(value) => Ok((value, asked)),
        None => Err(asked.failure(expected)),
    }
}
