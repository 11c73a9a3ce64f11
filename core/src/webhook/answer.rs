//! What a sender gets from a receiver: decided here, once for every framework.

use http::header::{ALLOW, RETRY_AFTER};

use super::deduplicator::Begun;
use crate::error::{Error, ErrorKind};

/// The answer to a delivery, where no handler answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, by names in lower case.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Text; empty, or the code of why a delivery was refused.
    pub body: String,
}

impl Answer {
    /// To an event of which this is known: 200 where it is done, and where it is new and
    /// was handled with nothing to say; 503 with `Retry-After` while it is in progress.
    pub fn to_event(begun: Begun) -> Self {
        match begun {
            Begun::New | Begun::Done => Self { status: 200, headers: vec![], body: String::new() },
            Begun::InProgress => Self::later(),
        }
    }

    /// To a delivery that was refused; 503 with `Retry-After` where the error is the
    /// receiver's own, of which a sender is told nothing.
    pub fn to_error(error: &Error) -> Self {
        match (error.kind(), error.code()) {
            (ErrorKind::WebhookVerification, Some(code)) => Self::to_refusal(code),
            _ => Self::later(),
        }
    }

    /// To a delivery that was refused with this code, which is the body: 413 where it is
    /// too long, 405 where it is no POST, 400 where it ended too early, else 401.
    pub fn to_refusal(code: &str) -> Self {
        let (status, headers) = match code {
            "payload_too_large" => (413, vec![]),
            "method_not_allowed" => (405, vec![(ALLOW.as_str(), "POST")]),
            "truncated" => (400, vec![]),
            _ => (401, vec![]),
        };
        Self { status, headers, body: code.to_owned() }
    }

    /// Whether a handler that answers with this status has handled the event: then it is
    /// done, and otherwise new again.
    pub fn is_handled(status: u16) -> bool {
        (200..300).contains(&status)
    }

    fn later() -> Self {
        Self { status: 503, headers: vec![(RETRY_AFTER.as_str(), "5")], body: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::refused;

    #[test]
    fn a_sender_is_told_whether_to_come_again() {
        let to = |begun| Answer::to_event(begun).status;
        assert_eq!([Begun::New, Begun::Done, Begun::InProgress].map(to), [200, 200, 503]);
        assert_eq!(Answer::to_event(Begun::InProgress).headers, [("retry-after", "5")]);
        let down = Answer::to_error(&Error::new(ErrorKind::Callback, "the store is down").with_code("secret"));
        assert_eq!(down, Answer::to_event(Begun::InProgress));
    }

    #[test]
    fn a_refusal_says_its_code() {
        for (code, status, headers) in [
            ("signature_mismatch", 401, vec![]),
            ("payload_too_large", 413, vec![]),
            ("truncated", 400, vec![]),
            ("method_not_allowed", 405, vec![("allow", "POST")]),
        ] {
            let answer = Answer::to_error(&refused(code, "refused"));
            assert_eq!(answer, Answer { status, headers, body: code.to_owned() });
        }
    }

    #[test]
    fn a_2xx_alone_means_that_it_was_handled() {
        assert_eq!([199, 200, 204, 299, 300, 410, 500].map(Answer::is_handled), {
            [false, true, true, true, false, false, false]
        });
    }
}
