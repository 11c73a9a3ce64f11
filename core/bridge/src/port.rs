//! Where completions and questions wait to be drained by the foreign side.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use linktor::{Error, Response};

/// How a call ended.
pub type Outcome = Result<Reply, Error>;

/// What a call succeeded with.
#[expect(clippy::large_enum_variant, reason = "nearly every reply is a response")]
#[derive(Debug)]
pub enum Reply {
    /// A request's response.
    Response(Response),
    /// What an auth call gives, as JSON.
    Value(String),
}

/// One thing that came up.
#[derive(Debug)]
pub enum Item {
    /// A call is done.
    Completion {
        /// The id that `submit` gave.
        id: u64,
        /// How it ended.
        outcome: Box<Outcome>,
    },
    /// A client asks its own token source for a token: [`answer`](crate::answer) or
    /// [`fail`](crate::fail) it, exactly once.
    TokenWanted {
        /// The question's id.
        id: u64,
        /// The [`Client::id`](crate::Client::id) that asks.
        client: u64,
    },
    /// Nobody waits for the answer to this question any more.
    Abandoned {
        /// The question's id.
        id: u64,
    },
}

/// A queue of items, and a way to be woken when it is no longer empty.
pub struct Port {
    queue: Mutex<Vec<Item>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Port {
    /// A port that calls `wake` whenever its queue stops being empty: once a batch, from
    /// a worker thread, so it must neither block nor call into the foreign language.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { queue: Mutex::default(), wake: Box::new(wake) }
    }

    /// Takes all that is there.
    pub fn drain(&self) -> Vec<Item> {
        std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn push(&self, item: Item) {
        let was_empty = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.push(item);
            queue.len() == 1
        };
        if was_empty {
            (self.wake)();
        }
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").finish_non_exhaustive()
    }
}
