//! What comes up, in the form in which it crosses.

use std::ops::Range;
use std::time::Duration;

use linktor_bridge::{ErrorRecord, Question, Reply, Response};

/// One thing that came up.
#[derive(Debug, uniffi::Enum)]
#[expect(clippy::large_enum_variant, reason = "nearly every item is a response")]
pub enum Item {
    /// A request succeeded.
    Response {
        /// The call.
        id: u64,
        /// The HTTP status.
        status: u16,
        /// Names and values in turn, each ended by a line feed, which none can hold.
        headers: String,
        /// The body, if it is UTF-8. uniffi copies a text whole, but bytes one by one.
        text: String,
        /// The body, if it is not.
        bytes: Vec<u8>,
        /// The request id.
        request_id: String,
        /// How many times the request was sent.
        attempts: u32,
        /// How long the call waited in all.
        waited: Duration,
        /// What the answer says of the rate limit, if it says anything.
        rate_limit: Option<RateLimit>,
        /// Where in the body the items are, if a page was asked for and has some.
        items: Option<Span>,
        /// The page after the one that was asked for, if there is one.
        next_page: Option<u64>,
    },
    /// An auth call succeeded.
    Value {
        /// The call.
        id: u64,
        /// What it gave.
        json: String,
    },
    /// A call failed.
    Failure {
        /// The call.
        id: u64,
        /// An error record as JSON.
        record: String,
    },
    /// A client asks its token source: `answer` or `fail` it, exactly once.
    TokenWanted {
        /// The question.
        id: u64,
        /// The client.
        client: u64,
    },
    /// Nobody waits for the answer to a question any more.
    Abandoned {
        /// The question.
        id: u64,
    },
}

/// Bytes of a body.
#[derive(Debug, uniffi::Record)]
pub struct Span {
    /// The first.
    pub start: u64,
    /// The first that is not.
    pub end: u64,
}

/// What is known of one class of requests.
#[derive(Debug, uniffi::Record)]
pub struct RateLimit {
    /// The class.
    pub class: String,
    /// How many requests a window allows.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// How long until the window ends.
    pub reset: Option<Duration>,
}

impl From<linktor_bridge::RateLimit> for RateLimit {
    fn from(one: linktor_bridge::RateLimit) -> Self {
        Self { class: one.class, limit: one.limit, remaining: one.remaining, reset: one.reset }
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start as u64, end: range.end as u64 }
    }
}

impl Item {
    /// Nothing of what no option asks for here.
    pub(crate) fn of(item: linktor_bridge::Item) -> Option<Self> {
        Some(match item {
            linktor_bridge::Item::Completion { id, outcome } => match *outcome {
                Ok(Reply::Response(response)) => Self::response(id, response),
                Ok(Reply::Value(json)) => Self::Value { id, json },
                Err(error) => Self::Failure { id, record: ErrorRecord::from(&error).to_json() },
            },
            linktor_bridge::Item::Asked { id, client, question: Question::Token, .. } => {
                Self::TokenWanted { id, client }
            }
            linktor_bridge::Item::Abandoned { id } => Self::Abandoned { id },
            linktor_bridge::Item::Asked { .. } | linktor_bridge::Item::Told { .. } => return None,
        })
    }
}

impl Item {
    fn response(id: u64, response: Response) -> Self {
        let mut headers = String::new();
        for (name, value) in response.headers() {
            headers.push_str(name.as_str());
            headers.push('\n');
            headers.push_str(&String::from_utf8_lossy(value.as_bytes()));
            headers.push('\n');
        }
        let (status, attempts, waited) = (response.status(), response.attempts(), response.waited());
        let request_id = response.request_id().to_owned();
        let rate_limit = response.rate_limit().cloned().map(Into::into);
        let (items, next_page) = (response.items_span().map(Into::into), response.next_page());
        let body = response.bytes().clone();
        // The body is this function's alone now, and moves without a copy.
        drop(response);
        let (text, bytes) = match String::from_utf8(body.into()) {
            Ok(text) => (text, Vec::new()),
            Err(error) => (String::new(), error.into_bytes()),
        };
        Self::Response { id, status, headers, text, bytes, request_id, attempts, waited, rate_limit, items, next_page }
    }
}
