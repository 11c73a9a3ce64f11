//! One attempt: sent once, redirects followed, within its timeout.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderValue, Method};
use url::Url;

use super::telling::{Ending, Part};
use super::{Flight, Signature};
use crate::error::{Error, ErrorKind, Sent};
use crate::observer::{Event, Outcome};
use crate::transport::{MAX_BODY, TransportError, TransportRequest, TransportResponse};

const MAX_REDIRECTS: usize = 5;

impl Flight<'_> {
    /// Sends the request once, redirects followed, within the timeout of an attempt.
    pub(crate) async fn attempt(&self, signature: Option<&Signature>) -> Result<TransportResponse, Error> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(|call| Event::AttemptStarted { call, attempt });
        let mut ending = Ending::of(self, Part::Attempt(attempt));
        self.is_sending.store(true, Ordering::Relaxed);
        let result = tokio::time::timeout(self.timeout, self.exchange(signature)).await.unwrap_or_else(|_| {
            let message = format!("no answer within {} s", self.timeout.as_secs_f64());
            Err(Error::new(ErrorKind::Timeout, message).with_sent(Sent::Maybe))
        });
        self.is_sending.store(false, Ordering::Relaxed);
        self.may_have_acted(result.as_ref().map_or_else(Error::sent, |_| Sent::Yes));
        if let Ok(answer) = &result {
            self.status.store(answer.status, Ordering::Relaxed);
        }
        ending.outcome = Outcome {
            status: result.as_ref().ok().map(|answer| answer.status),
            error: result.as_ref().err().map(Error::kind),
        };
        result
    }

    async fn exchange(&self, signature: Option<&Signature>) -> Result<TransportResponse, Error> {
        let mut url = Cow::Borrowed(&self.url);
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = self.headers.clone();
            if let Some(signature) = signature {
                headers.insert(AUTHORIZATION, signature.authorization.header.clone());
                if let (Some(name), Some(id)) = (&self.shared.signed.organization, &signature.organization) {
                    headers.entry(name).or_insert_with(|| id.clone());
                }
            }
            let request = TransportRequest {
                method: self.method.clone(),
                url: url.as_ref().clone(),
                headers,
                body: self.body.clone(),
                max_body: MAX_BODY,
                timeout: self.remaining().map_or(self.timeout, |remaining| remaining.min(self.timeout)),
            };
            let answer = self.transport.send(request).await.and_then(within_size).map_err(|failure| {
                let error = failure.into_error();
                // Somebody has answered already, if only to send it on.
                if matches!(url, Cow::Owned(_)) { error.with_sent(Sent::Yes) } else { error }
            })?;
            self.shared.observe(&answer.headers);
            let location =
                answer.headers.get(LOCATION).filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
            let Some(location) = location else { return Ok(answer) };
            self.may_have_acted(Sent::Yes);
            url = Cow::Owned(self.redirect(&url, answer.status, location)?);
        }
        Err(protocol("too_many_redirects", format!("the server redirected more than {MAX_REDIRECTS} times")))
    }

    /// Where a redirect leads, if this client may follow it.
    fn redirect(&self, from: &Url, status: u16, location: &HeaderValue) -> Result<Url, Error> {
        let is_read = matches!(self.method, Method::GET | Method::HEAD);
        if !is_read && !matches!(status, 307 | 308) {
            return Err(protocol(
                "redirect_refused",
                format!("the server answered {} with {status}, which would turn it into a GET", self.method),
            ));
        }
        let target = location.to_str().map_err(|_| ()).and_then(|to| self.base.follow(from, to).map_err(|_| ()));
        target.map_err(|()| {
            protocol(
                "redirect_refused",
                "the server redirected away from the client's base_url; the credential does not follow",
            )
        })
    }
}

/// A transport of the user's own may not have looked.
fn within_size(answer: TransportResponse) -> Result<TransportResponse, TransportError> {
    if answer.body.len() > MAX_BODY { Err(TransportError::body_too_large()) } else { Ok(answer) }
}

fn protocol(code: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, message).with_code(code).with_sent(Sent::Yes)
}
