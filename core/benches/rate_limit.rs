//! How much of a limit a crowd puts to use, and how many refusals that costs, in simulated
//! time: a worker's own retries, and the three kinds of pacing. `cargo bench -p linktor
//! --bench rate_limit` prints one JSON document after a few seconds.

#![allow(clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

// The tests use more of it.
#[allow(dead_code, unused_imports)]
#[path = "../tests/simulation/model/mod.rs"]
mod model;

use std::time::Duration;

use linktor::{Client, Error, Pacing};
use serde_json::json;

use crate::model::{Crowd, Faults, Kind, Server, Setting, Window, get, simulate, voice};

const SEED: u64 = 1;
const CROWD: Crowd = Crowd { workers: 100, lasts: Duration::from_mins(30) };

#[derive(Clone, Copy)]
enum Policy {
    /// Each worker tries again by itself, after 1, 2 and 4 seconds.
    Naive,
    Ours(Pacing),
}

impl Policy {
    fn client(self, server: &Server) -> Client {
        let builder = match self {
            Self::Naive => server.client(Pacing::Off).max_retries(0),
            Self::Ours(pacing) => server.client(pacing),
        };
        builder.build().expect("a valid client")
    }

    async fn call(self, client: &Client) -> Result<(), Error> {
        let mut waits = match self {
            Self::Naive => [1, 2, 4].as_slice(),
            Self::Ours(_) => &[],
        }
        .iter();
        loop {
            match (get(client, 0).await, waits.next()) {
                (Ok(_), _) => return Ok(()),
                (Err(_), Some(wait)) => tokio::time::sleep(Duration::from_secs(*wait)).await,
                (Err(error), None) => return Err(error),
            }
        }
    }
}

/// The server's window, and how many calls failed.
fn run(kind: Kind, policy: Policy) -> (Window, u64) {
    simulate(SEED, async {
        let (windows, latency) = (vec![Window::new(kind, 60, 60)], 10..200);
        let (voice, faults) = (voice::LINKTOR, Faults::default());
        let server = Server::new(Setting { seed: SEED, windows, voice, latency, client_ahead: 0, faults });
        let client = policy.client(&server);
        // Who fails goes on with its next call.
        let call = async move |_| policy.call(&client).await.map_err(|_| Duration::ZERO);
        let failed = CROWD.work(call).await.failed;
        (server.window(), failed)
    })
}

fn few(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("not so many"))
}

fn main() {
    let grid = Kind::Grid { first_ends: Duration::from_millis(31_415) };
    let mut rows = Vec::new();
    for (windows, kind) in [("fixed", grid), ("first request", Kind::FirstRequest), ("sliding", Kind::Sliding)] {
        for (name, policy) in [
            ("naive", Policy::Naive),
            ("off", Policy::Ours(Pacing::Off)),
            ("reactive", Policy::Ours(Pacing::Reactive)),
            ("proactive", Policy::Ours(Pacing::Proactive)),
        ] {
            let (window, failed) = run(kind, policy);
            let refused: Vec<_> = window.refused().collect();
            rows.push(json!({
                "windows": windows,
                "policy": name,
                "refused_per_window": few(refused.iter().sum()) / few(refused.len() as u64),
                "most_after_first": refused.iter().skip(1).max(),
                "used": window.throughput(),
                "failed": failed,
            }));
        }
    }
    let setting = "100 workers at 60 a minute, 30 simulated minutes; who fails goes on with its next call";
    println!("{}", json!({ "setting": setting, "rows": rows }));
}
