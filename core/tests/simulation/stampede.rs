//! A crowd meets a limit: who counts is the server.

use std::ops::Range;
use std::time::Duration;

use linktor::{Client, Limit, Pacing};

use crate::model::{Crowd, Entry, Faults, Kind, Server, Setting, Step, Voice, Window, get, simulate, voice};

const LIMIT: u64 = 60;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const SEEDS: Range<u64> = 0..5;

/// The three kinds of windows of a minute.
fn minutes(seed: u64) -> [Window; 3] {
    let first_ends = Duration::from_millis(fastrand::Rng::with_seed(seed).u64(1_000..60_000));
    [Kind::Grid { first_ends }, Kind::FirstRequest, Kind::Sliding].map(|kind| Window::new(kind, LIMIT, MINUTE))
}

fn setting(seed: u64, voice: Voice, windows: Vec<Window>) -> Setting {
    let mut random = fastrand::Rng::with_seed(seed);
    let client_ahead = [0, random.i64(-5..=5), random.i64(-20_000..=20_000)][random.usize(..3)];
    Setting { seed, windows, voice, latency: 10..200, client_ahead, faults: Faults::default() }
}

/// A crowd of 100 works for so long; who fails rests as long as it is told, or a second.
async fn work(client: Client, lasts: Duration) {
    let call = async move |number| {
        let result = get(&client, number).await;
        result.map(drop).map_err(|error| error.retry_after().unwrap_or(Duration::from_secs(1)))
    };
    Crowd { workers: 100, lasts }.work(call).await;
}

/// What the server's window was put to, with the linktor family's headers.
fn minute(seed: u64, window: Window, is_early: bool, pacing: Pacing) -> Window {
    let voice = voice::LINKTOR.early(is_early);
    crowded(setting(seed, voice, vec![window]), pacing)
}

fn crowded(setting: Setting, pacing: Pacing) -> Window {
    simulate(setting.seed, async {
        let server = Server::new(setting);
        let client = server.client(pacing).build().expect("a valid client");
        work(client, Duration::from_mins(25)).await;
        server.window()
    })
}

/// At most two 429s in any window but the first, and hardly a place left unused: of
/// windows that begin with a request, the gap before it counts as unused.
fn no_stampede(kind: usize) {
    for seed in SEEDS {
        for is_early in [false, true] {
            let window = minute(seed, minutes(seed)[kind].clone(), is_early, Pacing::Reactive);
            let refused: Vec<_> = window.refused().collect();
            let what = format!("seed {seed}, early {is_early}, {:?}: {refused:?}", window.kind);
            assert!(refused.len() > 20 && refused.iter().skip(1).all(|count| *count <= 2), "{what}");
            assert!(window.throughput() >= 0.97, "{what}: {}", window.throughput());
        }
    }
}

#[test]
fn fixed_windows_see_no_stampede() {
    no_stampede(0);
}

#[test]
fn windows_of_the_first_request_see_no_stampede() {
    no_stampede(1);
}

#[test]
fn a_sliding_log_sees_no_stampede() {
    no_stampede(2);
}

/// Answers that take up to four seconds overtake each other far and wide.
#[test]
fn slow_answers_bring_no_stampede() {
    for seed in SEEDS {
        for voice in [voice::LINKTOR, voice::LINKTOR.early(true)] {
            for window in minutes(seed) {
                let window =
                    crowded(Setting { latency: 10..2_000, ..setting(seed, voice, vec![window]) }, Pacing::Reactive);
                let refused: Vec<_> = window.refused().collect();
                let what = format!("seed {seed}, {}, {:?}: {refused:?}", voice.name, window.kind);
                assert!(refused.len() > 20 && refused.iter().skip(1).all(|count| *count <= 2), "{what}");
            }
        }
    }
}

#[test]
fn a_proactive_crowd_is_never_refused() {
    for seed in SEEDS {
        for (window, is_early) in minutes(seed).into_iter().flat_map(|window| [(window.clone(), false), (window, true)])
        {
            let window = minute(seed, window, is_early, Pacing::Proactive);
            let refused: Vec<_> = window.refused().collect();
            let what = format!("seed {seed}, early {is_early}, {:?}: {refused:?}", window.kind);
            assert!(refused.len() > 20 && refused.iter().all(|count| *count == 0), "{what}");
            assert!(window.throughput() >= 0.97, "{what}: {}", window.throughput());
        }
    }
}

/// After a 429 one request goes at a time, until one has come back with anything else:
/// all other 429s were under way already.
fn is_closed_for_all(journal: &[Entry]) {
    let (mut is_closed, mut probe) = (false, None);
    for entry in journal {
        match entry.step {
            Step::Sent if is_closed => {
                assert_eq!(probe, None, "{entry:?} went before the answer of the one before");
                probe = Some(entry.call);
            }
            Step::Heard { status: 429, .. } => {
                is_closed = true;
                probe = probe.filter(|call| *call != entry.call);
            }
            Step::Heard { .. } if probe == Some(entry.call) => (is_closed, probe) = (false, None),
            Step::Sent | Step::Heard { .. } => {}
        }
    }
}

#[test]
fn every_familys_429_closes_the_class_for_all() {
    println!("429s of a crowd of 100 at 60 a minute, in each of 24 minutes:");
    let seed = 1;
    for voice in voice::ALL {
        for window in minutes(seed) {
            for pacing in [Pacing::Reactive, Pacing::Proactive] {
                let limits = [Limit::new(window.limit, window.length)];
                let (journal, window) = simulate(seed, async {
                    let server = Server::new(setting(seed, voice, vec![window.clone()]));
                    let client = server.client(pacing).limits(limits).build().expect("a valid client");
                    work(client, Duration::from_mins(24)).await;
                    (server.journal(), server.window())
                });
                let (refused, used) = (window.refused().collect::<Vec<_>>(), window.throughput() * 100.0);
                is_closed_for_all(&journal);
                match pacing {
                    Pacing::Proactive => assert!(refused.iter().all(|count| *count == 0), "{}", voice.name),
                    _ => println!("{:8} {used:.1} % {:?} {refused:?}", voice.name, window.kind),
                }
            }
        }
    }
}

/// A window of an hour, with a faster limit besides it.
fn hour(seed: u64, kind: Kind, (limit, seconds): (u64, u64), pacing: Pacing) -> Window {
    let windows = vec![Window::new(kind, 600, HOUR), Window::new(kind, limit, seconds)];
    let limits: Vec<_> = windows.iter().map(|window| Limit::new(window.limit, window.length)).collect();
    simulate(seed, async {
        let server = Server::new(setting(seed, voice::IETF, windows));
        let client = server.client(pacing).limits(limits).build().expect("a valid client");
        work(client, Duration::from_hours(3)).await;
        server.window()
    })
}

#[test]
fn two_limits_at_once_are_both_kept() {
    println!("429s of a crowd of 100 at 600 an hour and a faster limit, in 3 hours:");
    for fast in [(LIMIT, MINUTE), (5, 1)] {
        for seed in 3..5 {
            for kind in minutes(seed).map(|window| window.kind) {
                let window = hour(seed, kind, fast, Pacing::Reactive);
                let (refused, used) = (window.refused().sum::<u64>(), window.throughput() * 100.0);
                println!("{fast:?}: {refused:3}, {used:.1} % {kind:?}");

                let window = hour(seed, kind, fast, Pacing::Proactive);
                let what = format!("seed {seed}, {kind:?}, {fast:?}");
                assert_eq!(window.refused().sum::<u64>(), 0, "{what}");
                assert!(window.throughput() >= 0.97, "{what}: {}", window.throughput());
            }
        }
    }
}
