//! What the pipeline itself costs a call: the transport answers at once, from memory.

use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{HeaderName, HeaderValue};
use linktor::{Client, HeaderMap, Pacing, Transport, TransportError, TransportRequest, TransportResponse};
use serde_json::{Value, json};

use crate::Failure;

const LIMITS: [(&str, &str); 3] =
    [("x-ratelimit-limit", "1000000000"), ("x-ratelimit-remaining", "999999999"), ("x-ratelimit-reset", "3600")];

/// Answers with these headers.
struct Immediate(HeaderMap);

impl Transport for Immediate {
    fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async { Ok(TransportResponse::new(200, self.0.clone(), Bytes::from_static(b"{}"))) })
    }
}

/// Wall clock of so many calls, without or with the headers of a rate limit.
pub(crate) async fn timed(calls: u32, has_limits: bool, pacing: Pacing) -> Result<Value, Failure> {
    let limits = LIMITS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let client = Client::builder()
        .api_key("invented")
        .base_url("https://api.example.com/v1")
        .pacing(pacing)
        .transport(Immediate(limits.into_iter().filter(|_| has_limits).collect()))
        .build()?;
    let started = Instant::now();
    for _ in 0..calls {
        client.get("/me").send().await?;
    }
    Ok(json!({ "seconds": started.elapsed().as_secs_f64() }))
}
