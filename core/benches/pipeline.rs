//! What the pipeline itself costs a healthy call, counted in instructions: the transport
//! answers at once, from memory, once without and once with the three headers of a rate
//! limit. `ONLY=plain` or `ONLY=limited` leaves the other out:
//!
//! ```sh
//! bench=$(cargo bench -p linktor --bench pipeline --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))$/\1/p')
//! CALLS=1000 ONLY=plain valgrind --tool=callgrind --callgrind-out-file=/dev/null $bench
//! ```
//!
//! What 2,000 `CALLS` collect more than 1,000 is that of the calls alone.

#![allow(clippy::expect_used)]

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use linktor::{Client, HeaderMap, Transport, TransportError, TransportRequest, TransportResponse};

/// Answers with these headers.
struct Immediate(HeaderMap);

impl Transport for Immediate {
    fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async { Ok(TransportResponse::new(200, self.0.clone(), Bytes::from_static(b"{}"))) })
    }
}

fn main() {
    let calls: u32 = std::env::var("CALLS").expect("CALLS is set").parse().expect("a number");
    let only = std::env::var("ONLY").ok();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rates = [("limit", "1000000000"), ("remaining", "999999999"), ("reset", "3600")];
    let limited = rates.map(|(name, value)| {
        (format!("x-ratelimit-{name}").parse().expect("a header's name"), HeaderValue::from_static(value))
    });
    for (name, headers) in [("plain", HeaderMap::new()), ("limited", limited.into_iter().collect())] {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let client = Client::builder()
            .api_key("invented")
            .base_url("https://api.example.com/v1")
            .transport(Immediate(headers))
            .build()
            .expect("a valid client");
        runtime.block_on(async {
            for _ in 0..calls {
                client.get("/me").send().await.expect("a success");
            }
        });
    }
}
