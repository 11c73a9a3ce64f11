//! What the pipeline itself costs a healthy call: the transport answers at once, from
//! memory. `valgrind --tool=callgrind` on this binary counts its instructions.

#![allow(clippy::expect_used, clippy::print_stdout)]

use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use linktor::{Client, HeaderMap, Transport, TransportError, TransportRequest, TransportResponse};

const ROUNDS: usize = 9;

struct Immediate;

impl Transport for Immediate {
    fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async { Ok(TransportResponse::new(200, HeaderMap::new(), Bytes::from_static(b"{}"))) })
    }
}

fn main() {
    let calls: u32 = std::env::var("CALLS").map_or(100_000, |count| count.parse().expect("a number"));
    let client = Client::builder()
        .api_key("invented")
        .base_url("https://api.example.com/v1")
        .transport(Immediate)
        .build()
        .expect("a valid client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            runtime.block_on(async {
                for _ in 0..calls {
                    client.get("/me").send().await.expect("a success");
                }
            });
            started.elapsed().as_nanos() / u128::from(calls)
        })
        .collect();
    rounds.sort_unstable();
    println!("pipeline: {} ns a call ({} to {})", rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]);
}
