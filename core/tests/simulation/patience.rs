//! Who would wait too long is told the truth, and nobody waits longer than allowed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use linktor::{ErrorKind, Event, Observer, Pacing};

use crate::model::{Crowd, Faults, Kind, Server, Setting, Step, Window, get, simulate, voice};

const MINUTE: Duration = Duration::from_mins(1);
/// Of the simulated timer.
const TICK: Duration = Duration::from_millis(2);

/// The longest wait.
#[derive(Clone, Default)]
struct Longest(Arc<Mutex<Duration>>);

impl Observer for Longest {
    fn event(&self, event: &Event<'_>) {
        if let Event::WaitEnded { elapsed, .. } = event {
            let mut longest = self.0.lock().expect("not poisoned");
            *longest = longest.max(*elapsed);
        }
    }
}

fn windows() -> [Window; 3] {
    let first_ends = Duration::from_millis(31_415);
    [Kind::Grid { first_ends }, Kind::FirstRequest, Kind::Sliding].map(|kind| Window::new(kind, 60, 60))
}

fn server(seed: u64, window: Window) -> Server {
    let (windows, latency) = (vec![window], 10..200);
    Server::new(Setting {
        seed,
        windows,
        voice: voice::LINKTOR,
        latency,
        client_ahead: -7_000,
        faults: Faults::default(),
    })
}

/// A crowd that does as it is told: by default nothing waits over a minute, and the limit
/// is put to use all the same.
#[test]
fn a_crowd_that_comes_when_told_uses_the_limit() {
    for pacing in [Pacing::Reactive, Pacing::Proactive] {
        for (seed, window) in (0..).zip(windows()) {
            simulate(seed, async {
                let (server, longest) = (server(seed, window), Longest::default());
                let builder = server.client(pacing).max_retry_wait(MINUTE).observer(longest.clone());
                let client = builder.build().expect("a valid client");
                let call = async move |call| match get(&client, call).await {
                    Ok(_) => Ok(()),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
                        // It says when, unless the answer that it waited for was still to come.
                        let wait = error.retry_after().unwrap_or_default();
                        assert!(error.waited() + wait + TICK >= MINUTE, "there was time for {wait:?}: {error:?}");
                        Err(wait)
                    }
                };
                let outcome = Crowd { workers: 100, lasts: 25 * MINUTE }.work(call).await;
                let longest = *longest.0.lock().expect("not poisoned");
                let (kind, throughput) = (server.window().kind, server.window().throughput());
                println!("{pacing:?}, {kind:?}: {outcome:?}, {:.1} %, longest wait {longest:?}", throughput * 100.0);
                assert!(longest <= MINUTE + TICK, "{longest:?}");
                assert!(throughput >= 0.97, "{throughput}");
            });
        }
    }
}

/// Nobody else comes: whoever was refused gets in when it was told to come, or is told
/// again, because others were told the same; and all are done in as many windows as their
/// number takes, and one more for the rounding of each.
#[test]
fn who_comes_back_when_told_gets_in() {
    for pacing in [Pacing::Reactive, Pacing::Proactive] {
        for (seed, window) in (0..).zip(windows()) {
            simulate(seed, async {
                let server = server(seed, window);
                let client = server.client(pacing).max_retry_wait(MINUTE).build().expect("a valid client");
                let call = async |number: u64| {
                    let mut refusals = 0;
                    while let Err(error) = get(&client, number).await {
                        tokio::time::sleep(error.retry_after().unwrap_or_default()).await;
                        refusals += 1;
                    }
                    refusals
                };
                let refusals = futures_util::future::join_all((0..300).map(call)).await;
                let (most, took) = (refusals.iter().max().expect("calls"), server.elapsed());
                println!("{pacing:?}, {:?}: at most {most} refusals, {took:?}", server.window().kind);
                assert!(*most <= 5, "{most}");
                assert!(took <= 6 * MINUTE, "{took:?}");
            });
        }
    }
}

/// Whoever waits for a connection when a 429 comes waits for its hint like all others.
#[test]
fn a_hint_holds_for_those_that_wait_for_a_connection() {
    simulate(0, async {
        let server = server(0, Window::new(Kind::FirstRequest, 1, 60));
        let client = server.client(Pacing::Reactive).max_connections(2).max_retries(0).build().expect("a valid client");
        futures_util::future::join_all((0..10).map(|number| get(&client, number))).await;
        let mut until = Duration::ZERO;
        for entry in server.journal() {
            match entry.step {
                Step::Sent => assert!(entry.at >= until, "{entry:?} before {until:?}"),
                Step::Heard { told, .. } => until = until.max(entry.at + told.unwrap_or_default()),
            }
        }
    });
}
