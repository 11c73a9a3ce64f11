//! A crowd meets one limit: who counts is the server.

use std::time::Duration;

use linktor::{Client, Limit, Pacing};

use crate::model::{Crowd, Faults, Kind, Server, Setting, Voice, Window, simulate, voice};

const WORKERS: u64 = 100;
const LIMIT: u64 = 60;
const MINUTE: u64 = 60;
const WINDOWS: u32 = 41;
const SEEDS: std::ops::Range<u64> = 0..5;

/// What the server saw.
struct Seen {
    windows: Vec<Window>,
    elapsed: Duration,
}

fn setting(seed: u64, voice: Voice, windows: Vec<Window>) -> Setting {
    let mut random = fastrand::Rng::with_seed(seed);
    let client_ahead = [0, random.i64(-5..=5), random.i64(-20_000..=20_000)][random.usize(..3)];
    Setting { seed, windows, voice, latency: 10..200, client_ahead, faults: Faults::default() }
}

fn kinds(seed: u64) -> [Kind; 3] {
    let first_ends = Duration::from_millis(fastrand::Rng::with_seed(seed).u64(1_000..60_000));
    [Kind::Grid { first_ends }, Kind::FirstRequest, Kind::Sliding]
}

async fn get(client: &Client, call: u64) -> Result<(), Duration> {
    let result = client.get(format!("/calls/{call}")).send().await;
    result.map(drop).map_err(|error| error.retry_after().unwrap_or(Duration::from_secs(1)))
}

fn crowd(setting: Setting, pacing: Pacing, limits: &[Limit], lasts: Duration, think: u64) -> Seen {
    simulate(setting.seed, async {
        let server = Server::new(setting);
        let mut builder = server.client(pacing);
        if !limits.is_empty() {
            builder = builder.limits(limits.to_vec());
        }
        let client = builder.build().expect("a valid client");
        Crowd { workers: WORKERS, lasts }
            .work(async move |call| {
                let r = get(&client, call).await;
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=think))).await;
                r
            })
            .await;
        Seen { windows: server.windows(), elapsed: server.elapsed() }
    })
}

#[test]
fn explore() {
    let think: u64 = std::env::var("THINK").map_or(0, |t| t.parse().unwrap());
    let lat: u64 = std::env::var("LAT").map_or(200, |t| t.parse().unwrap());
    let early = std::env::var("EARLY").is_ok();
    let all = [voice::LINKTOR, voice::LIBROMI, voice::API_V1, voice::LINKIT, voice::IETF, voice::DELTA];
    let n = std::env::var("VOICE").unwrap_or("linktor".to_owned());
    let v = all.into_iter().find(|v| v.name == n).unwrap();
    for pacing in [Pacing::Reactive, Pacing::Proactive] {
        for seed in 0..3 {
            for kind in kinds(seed) {
                let window = Window::new(kind, LIMIT, MINUTE);
                let mut st = setting(seed, v, vec![window]);
                st.voice.is_early = early;
                st.latency = 10..lat;
                let seen = crowd(
                    st,
                    pacing,
                    &[Limit::new(LIMIT, Duration::from_secs(MINUTE))],
                    Duration::from_mins(41),
                    think,
                );
                let w = &seen.windows[0];
                let refused: Vec<_> = w.refused().collect();
                println!("{pacing:?} {seed} {kind:?} {:.3} n={} {refused:?}", w.throughput(), refused.len());
            }
        }
    }
}
