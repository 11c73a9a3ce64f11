//! Questions to the user's own functions, in the user's own language.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use linktor::{RenewalScope, Token, TokenSource};
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::client::next_id;
use crate::port::{Item, Port};

type Answer = Result<Token, Foreign>;

struct Waiting {
    answer: oneshot::Sender<Answer>,
    scope: RenewalScope,
}

static WAITING: Mutex<Option<HashMap<u64, Waiting>>> = Mutex::new(None);

fn waiting() -> MutexGuard<'static, Option<HashMap<u64, Waiting>>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a question with JSON: a token as a string, or
/// `{"token": "…", "expires_in": seconds}`. Anything else fails the question.
pub fn answer(id: u64, json: &str) {
    resolve(id, parse(json).map_err(|message| Foreign { upcall: id, message }));
}

/// Answers a question with the failure of the user's function.
pub fn fail(id: u64, message: &str) {
    resolve(id, Err(Foreign { upcall: id, message: message.to_owned() }));
}

/// The scope of the renewal that asked this question, for the calls made from inside it.
pub(crate) fn scope(id: u64) -> Option<RenewalScope> {
    waiting().as_ref()?.get(&id).map(|waiting| waiting.scope.clone())
}

fn resolve(id: u64, answer: Answer) {
    let waiting = waiting().as_mut().and_then(|waiting| waiting.remove(&id));
    if let Some(waiting) = waiting {
        // Nobody may be there any more to hear it.
        let _ = waiting.answer.send(answer);
    }
}

fn parse(json: &str) -> Result<Token, String> {
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
    match serde_json::from_str(json) {
        Ok(Given::Text(token) | Given::Record { token, expires_in: None }) => Ok(Token::new(token)),
        Ok(Given::Record { token, expires_in: Some(life) }) => {
            if life.is_nan() || life < 0.0 {
                return Err("the token source's expires_in must be a number of seconds, not below zero".to_owned());
            }
            let token = Token::new(token);
            // A life longer than any clock is no limit.
            Ok(match Duration::try_from_secs_f64(life) {
                Ok(life) => token.expires_in(life),
                Err(_) => token,
            })
        }
        // The message of the parser is not shown: it may hold the token.
        Err(_) => Err("the token source must return the token as text, or a token and expires_in seconds".to_owned()),
    }
}

/// A failure in the user's own function. The binding that knows the question's id
/// attaches the native error.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) upcall: u64,
    message: String,
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Foreign {}

/// A token source on the other side of the waist.
pub(crate) struct ForeignSource {
    pub(crate) client: u64,
    pub(crate) port: Arc<Port>,
}

impl TokenSource for ForeignSource {
    fn token(&self) -> BoxFuture<'_, Result<Token, Box<dyn StdError + Send + Sync>>> {
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            let question = Question { id: next_id(), port: &self.port };
            let waiting_for = Waiting { answer: sender, scope: RenewalScope::current() };
            waiting().get_or_insert_default().insert(question.id, waiting_for);
            self.port.push(Item::TokenWanted { id: question.id, client: self.client });
            match receiver.await {
                Ok(answer) => answer.map_err(Into::into),
                Err(_) => Err("the question for a token was dropped".into()),
            }
        })
    }
}

/// Says that nobody waits any more, if the renewal ends before the answer.
struct Question<'a> {
    id: u64,
    port: &'a Port,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let was_waiting = waiting().as_mut().is_some_and(|waiting| waiting.remove(&self.id).is_some());
        if was_waiting {
            self.port.push(Item::Abandoned { id: self.id });
        }
    }
}
