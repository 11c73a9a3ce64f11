//! A server that is down under load: retries must not multiply what it gets, and must be
//! there again when it is back.

use std::collections::VecDeque;
use std::time::Duration;

use linktor::Pacing;
use tokio::task::JoinSet;

use crate::model::{Failure, Faults, Kind, Server, Setting, Window, get, simulate, voice};

const OUTAGE: Duration = Duration::from_mins(5);

/// 1,000 requests a second; fewer unless it is to take long.
fn calls_a_second() -> u64 {
    if std::env::var_os("LINKTOR_SOAK_CALLS").is_some() { 1_000 } else { 100 }
}

fn healthy(seed: u64) -> Server {
    let windows = vec![Window::new(Kind::Sliding, u64::MAX, 60)];
    Server::new(Setting {
        seed,
        windows,
        voice: voice::LIBROMI,
        latency: 1..20,
        client_ahead: 0,
        faults: Faults::default(),
    })
}

fn is_not_multiplied(how: Failure) {
    simulate(0, async {
        let server = healthy(0);
        let client = server.client(Pacing::Reactive).build().expect("a valid client");
        server.fail(Faults { outage: Some((Duration::ZERO..OUTAGE, how)), ..Faults::default() });
        let mut every = tokio::time::interval(Duration::from_secs(1) / u32::try_from(calls_a_second()).expect("few"));
        let mut calls = JoinSet::new();
        let mut asked = 0;
        while server.elapsed() < OUTAGE {
            every.tick().await;
            calls.spawn(client.get("/calls/0").send());
            asked += 1;
            while let Some(result) = calls.try_join_next() {
                drop(result.expect("no panic"));
            }
        }
        while calls.join_next().await.is_some() {}
        let extra = server.sent() - asked;
        println!("{how:?}: {extra} more than the {asked} that were asked for");
        assert!(extra * 100 <= asked, "{extra} more than {asked}");

        for _ in 0..calls_a_second() * 59 {
            every.tick().await;
            calls.spawn(client.get("/calls/0").send());
            while let Some(result) = calls.try_join_next() {
                result.expect("no panic").expect("it is back");
            }
        }
        calls.join_all().await;
        server.fail(Faults { next: VecDeque::from([Some(Failure::Unavailable)]), ..Faults::default() });
        let response = get(&client, 0).await.expect("it is tried again");
        assert_eq!(response.attempts(), 2);
    });
}

#[test]
fn unavailable_is_not_multiplied() {
    is_not_multiplied(Failure::Unavailable);
}

#[test]
fn no_connection_is_not_multiplied() {
    is_not_multiplied(Failure::NoConnection);
}

/// Every call meets a 429 that says when to come, for an hour: the budget is still whole.
#[test]
fn a_throttled_client_is_not_starved() {
    for pacing in [Pacing::Reactive, Pacing::Off] {
        simulate(0, async {
            let server = healthy(0);
            let client = server.client(pacing).build().expect("a valid client");
            for _ in 0..1_000 {
                let whim = Failure::Whim(Duration::from_secs(1));
                server.fail(Faults { next: VecDeque::from([Some(whim), Some(whim), None]), ..Faults::default() });
                assert_eq!(get(&client, 0).await.expect("a success").attempts(), 3);
            }
            // As many as 500 tokens pay for.
            let next = [Some(Failure::Unavailable); 35].into();
            server.fail(Faults { next, ..Faults::default() });
            let calls: JoinSet<_> = (0..35).map(|_| client.get("/calls/0").send()).collect();
            assert!(calls.join_all().await.iter().all(Result::is_ok));
        });
    }
}
