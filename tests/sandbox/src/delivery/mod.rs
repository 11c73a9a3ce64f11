//! Deliveries: events sent to a receiver of webhooks, signed as each family signs them.
//!
//! Nothing here comes from the SDK: a receiver that believes both is checked by two hands.

mod call;
mod event;
mod scheme;
mod sending;
mod signing;

use std::iter;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock::Clock;

use call::{Call, Tamper};
use event::Event;
use signing::Stamp;

/// Makes the call `POST /_sandbox/webhooks`, and gives its report.
pub(crate) async fn deliver(with: Value, clock: &Clock) -> Result<Value, String> {
    let call = Call::read(with)?;
    let event = call.event(clock.millis());
    let mut deliveries = Vec::new();
    for _ in 0..call.times {
        for after in iter::once(0).chain(call.scheme.delays().iter().copied()) {
            let (headers, body) = call.request(&event, clock.seconds())?;
            let (report, received) = match sending::send(&call.target, headers, body).await {
                Ok((status, body)) => {
                    (json!({"after": after, "status": status.as_u16(), "body": body}), status.is_success())
                }
                Err(problem) => (json!({"after": after, "error": problem}), false),
            };
            deliveries.push(report);
            if received {
                break;
            }
        }
    }
    Ok(json!({"id": call.scheme.identifies().then_some(event.id), "deliveries": deliveries}))
}

impl Call {
    /// What goes over the wire at `now`.
    fn request(&self, event: &Event, now: u64) -> Result<(hyper::HeaderMap, Bytes), String> {
        let signed_at = if self.tamper == Some(Tamper::Stale) { now.saturating_sub(3_600) } else { now };
        let signature = Stamp { scheme: self.scheme, id: &event.id, time: signed_at, body: &event.body }
            .signature(&self.key, self.tamper == Some(Tamper::Signature));
        let signature = (self.tamper != Some(Tamper::Unsigned)).then_some(signature);
        let told = if self.tamper == Some(Tamper::Timestamp) { signed_at + 1 } else { signed_at };
        let headers = self.scheme.headers(event, told, signature)?;
        let body = if self.tamper == Some(Tamper::Body) { event::altered(&event.body) } else { event.body.clone() };
        Ok((headers, body.into()))
    }
}
