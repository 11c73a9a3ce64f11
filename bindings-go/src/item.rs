//! What comes up, in the form in which it crosses.

use std::ops::Range;
use std::time::Duration;

use linktor_bridge::{ErrorRecord, HeaderMap, Outcome, Question, Reply, Response};

/// One thing that came up.
#[derive(Debug, uniffi::Enum)]
pub enum Item {
    /// A request succeeded.
    Response {
        /// The call.
        id: u64,
        /// The HTTP status.
        status: u16,
        /// See `lines`.
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
    /// A client asks its token source: `answer` or `fail` it, exactly once, as all questions.
    TokenWanted {
        /// The question.
        id: u64,
        /// The client.
        client: u64,
    },
    /// A client asks its token store for what it saved last.
    LoadWanted {
        /// The question.
        id: u64,
        /// The client.
        client: u64,
        /// Under which key.
        key: String,
    },
    /// A client asks its token store to save.
    SaveWanted {
        /// The question.
        id: u64,
        /// The client.
        client: u64,
        /// Under which key.
        key: String,
        /// What.
        record: String,
    },
    /// A client asks its token store for a lock.
    LockWanted {
        /// The question.
        id: u64,
        /// The client.
        client: u64,
        /// Of which key.
        key: String,
    },
    /// A client asks its transport for an answer.
    SendWanted {
        /// The question.
        id: u64,
        /// The client.
        client: u64,
        /// The call that it is for; none for a token call.
        call: Option<u64>,
        /// The method.
        method: String,
        /// The URL.
        url: String,
        /// See `lines`.
        headers: String,
        /// The body, if it is UTF-8.
        text: String,
        /// The body, if it is not.
        bytes: Vec<u8>,
        /// The most bytes of a body to read.
        max_body: u64,
    },
    /// Nobody waits for the answer to a question any more, or needs the lock that it gave.
    Abandoned {
        /// The question.
        id: u64,
    },
    /// Something happened.
    Told {
        /// The client.
        client: u64,
        /// The call that it happened to, if it was one.
        call: Option<u64>,
        /// An event record as JSON.
        record: String,
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

impl From<linktor_bridge::Item> for Item {
    fn from(item: linktor_bridge::Item) -> Self {
        match item {
            linktor_bridge::Item::Completion { id, outcome } => Self::completion(id, *outcome),
            linktor_bridge::Item::Asked { id, client, call, question } => match question {
                Question::Token => Self::TokenWanted { id, client },
                Question::Load { key } => Self::LoadWanted { id, client, key },
                Question::Save { key, record } => {
                    Self::SaveWanted { id, client, key, record: record.expose().to_owned() }
                }
                Question::Lock { key } => Self::LockWanted { id, client, key },
                Question::Send(request) => {
                    let (text, bytes) = parted(request.body.into());
                    Self::SendWanted {
                        id,
                        client,
                        call,
                        method: request.method.to_string(),
                        url: request.url.into(),
                        headers: lines(&request.headers),
                        text,
                        bytes,
                        max_body: request.max_body as u64,
                    }
                }
            },
            linktor_bridge::Item::Abandoned { id } => Self::Abandoned { id },
            linktor_bridge::Item::Told { client, call, event } => Self::Told { client, call, record: event.to_json() },
        }
    }
}

impl Item {
    pub(crate) fn completion(id: u64, outcome: Outcome) -> Self {
        match outcome {
            Ok(Reply::Response(response)) => Self::response(id, response),
            Ok(Reply::Value(json)) => Self::Value { id, json },
            Err(error) => Self::Failure { id, record: ErrorRecord::from(&error).to_json() },
        }
    }

    fn response(id: u64, response: Response) -> Self {
        let (status, attempts, waited) = (response.status(), response.attempts(), response.waited());
        let (headers, request_id) = (lines(response.headers()), response.request_id().to_owned());
        let rate_limit = response.rate_limit().cloned().map(Into::into);
        let (items, next_page) = (response.items_span().map(Into::into), response.next_page());
        let body = response.bytes().clone();
        // The body is this function's alone now, and moves without a copy.
        drop(response);
        let (text, bytes) = parted(body.into());
        Self::Response { id, status, headers, text, bytes, request_id, attempts, waited, rate_limit, items, next_page }
    }
}

/// A body as text, or as bytes.
fn parted(body: Vec<u8>) -> (String, Vec<u8>) {
    match String::from_utf8(body) {
        Ok(text) => (text, Vec::new()),
        Err(error) => (String::new(), error.into_bytes()),
    }
}

/// Names and values in turn, each ended by a line feed, which none can hold: the names as Go
/// writes them (`Content-Type`), and bytes beyond ASCII as `U+FFFD`.
fn lines(headers: &HeaderMap) -> String {
    let mut lines = String::with_capacity(32 * headers.len());
    for (name, value) in headers {
        let mut begins = true;
        for letter in name.as_str().chars() {
            lines.push(if begins { letter.to_ascii_uppercase() } else { letter });
            begins = letter == '-';
        }
        lines.push('\n');
        lines.push_str(&String::from_utf8_lossy(value.as_bytes()));
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_as_go_writes_them() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-request-id", &b"1"[..]), ("etag", b""), ("x-request-id", b"\xff2"), ("--a", b" ")] {
            headers.append(name, value.try_into().unwrap());
        }
        assert_eq!(lines(&headers), "X-Request-Id\n1\nX-Request-Id\n\u{fffd}2\nEtag\n\n--A\n \n");
    }
}
