//! Where completions and questions wait to be drained by the foreign side.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use linktor::{Error, Response, Secret, TransportRequest};

use crate::event::EventRecord;

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
    /// One of the user's own functions is asked: [`answer`](crate::answer) or
    /// [`fail`](crate::fail) it, exactly once.
    Asked {
        /// The question's id.
        id: u64,
        /// The [`Client::id`](crate::Client::id) whose function it is.
        client: u64,
        /// The call that it is for, at the port where that was begun; none, if it is for
        /// all calls of the client.
        call: Option<u64>,
        /// What is asked.
        question: Question,
    },
    /// Nobody waits for the answer to this question any more, or needs the lock that it gave.
    Abandoned {
        /// The question's id.
        id: u64,
    },
    /// Something happened.
    Told {
        /// The client, or, of its handles, the one that they were made of.
        client: u64,
        /// The call that it happened to, at the port where that was begun.
        call: Option<u64>,
        /// What happened.
        event: EventRecord,
    },
}

/// What one of the user's own functions is asked.
#[derive(Debug)]
pub enum Question {
    /// The token source: a token.
    Token,
    /// The token store: the text that was saved last under this key.
    Load {
        /// The key.
        key: String,
    },
    /// The token store: to save this text.
    Save {
        /// The key.
        key: String,
        /// The text.
        record: Secret,
    },
    /// The token store: to keep everybody else from renewing the session under this key.
    Lock {
        /// The key.
        key: String,
    },
    /// The transport: the answer to this request.
    Send(Box<TransportRequest>),
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
