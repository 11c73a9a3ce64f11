//! The server, and the ways there and back.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use linktor::{
    Client, ClientBuilder, Pacing, Transport, TransportError, TransportFailure, TransportRequest, TransportResponse,
};

use tokio::sync::oneshot;

use super::clock::SimulatedClock;
use super::voice::{State, Voice};
use super::window::Window;

/// What a server is like.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    /// All of them hold at once.
    pub(crate) windows: Vec<Window>,
    pub(crate) voice: Voice,
    /// Of one way, in milliseconds.
    pub(crate) latency: Range<u64>,
    /// How far the client's clock is ahead, in seconds.
    pub(crate) client_ahead: i64,
    pub(crate) faults: Faults,
}

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// For how long, and how it shows.
    pub(crate) outage: Option<(Range<Duration>, Failure)>,
    /// How many of all requests fail, at random and in every way.
    pub(crate) share: f64,
    /// How many of all requests are refused although there is room, and for how many
    /// milliseconds at most.
    pub(crate) whims: f64,
    pub(crate) longest_whim: u64,
    /// What becomes of the next requests.
    pub(crate) next: VecDeque<Option<Failure>>,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server answers 503.
    Unavailable,
    /// There is no connection.
    NoConnection,
    /// The server acts, and its answer is lost.
    Interrupted,
    /// The server acts, and never answers.
    Silent,
    /// The server answers 429 and asks for so long.
    Whim(Duration),
}

/// What happened to a request, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    /// The number in the request's path.
    pub(crate) call: u64,
    pub(crate) step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The client's transport got it.
    Sent,
    /// The client got this answer, which may have asked to wait.
    Heard { status: u16, told: Option<Duration> },
}

/// A server in memory. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Server(Arc<Inner>);

struct Inner {
    voice: Voice,
    latency: Range<u64>,
    clock: SimulatedClock,
    client_clock: SimulatedClock,
    state: Mutex<Changing>,
}

struct Changing {
    random: fastrand::Rng,
    windows: Vec<Window>,
    faults: Faults,
    journal: Vec<Entry>,
    late: u64,
}

impl Server {
    pub(crate) fn new(setting: Setting) -> Self {
        let mut random = fastrand::Rng::with_seed(setting.seed);
        let clock = SimulatedClock::new(Duration::from_millis(random.u64(..1_000)));
        let Setting { windows, faults, .. } = setting;
        Self(Arc::new(Inner {
            voice: setting.voice,
            latency: setting.latency,
            clock,
            client_clock: clock.ahead(setting.client_ahead),
            state: Mutex::new(Changing { random, windows, faults, journal: Vec::new(), late: 0 }),
        }))
    }

    /// Of a client that sends to it, with a queue as long as it gets.
    pub(crate) fn client(&self, pacing: Pacing) -> ClientBuilder {
        let random = Mutex::new(self.state().random.fork());
        Client::builder()
            .provider((self.0.voice.provider)())
            .api_key("invented")
            .base_url("https://api.example.com/v1")
            .transport(self.clone())
            .clock(self.0.client_clock)
            .random(move || random.lock().expect("not poisoned").f64())
            .max_retry_wait(Duration::from_hours(3))
            .pacing(pacing)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.clock.elapsed()
    }

    /// The first of its windows, with what was counted in it.
    pub(crate) fn window(&self) -> Window {
        self.state().windows[0].clone()
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        self.state().journal.clone()
    }

    /// How often a client sent something.
    pub(crate) fn sent(&self) -> usize {
        self.state().journal.iter().filter(|entry| entry.step == Step::Sent).count()
    }

    /// How often it answered 429 because a window was full.
    pub(crate) fn refused(&self) -> u64 {
        self.window().refused().sum()
    }

    /// How many requests reached it after their sender had given them up.
    pub(crate) fn late(&self) -> u64 {
        self.state().late
    }

    /// Changes what goes wrong from now on.
    pub(crate) fn fail(&self, faults: Faults) {
        self.state().faults = faults;
    }

    fn state(&self) -> MutexGuard<'_, Changing> {
        self.0.state.lock().expect("not poisoned")
    }

    fn note(&self, call: u64, step: Step) {
        let at = self.elapsed();
        self.state().journal.push(Entry { at, call, step });
    }

    /// The ways there and back, and what goes wrong.
    fn fate(&self) -> (Duration, Duration, Option<Failure>) {
        let now = self.elapsed();
        let state = &mut *self.state();
        let Changing { random, faults, .. } = state;
        let mut way = || Duration::from_millis(random.u64(self.0.latency.clone()));
        let (there, back) = (way(), way());
        let failure = match &faults.outage {
            Some((when, how)) if when.contains(&now) => Some(*how),
            _ => faults.next.pop_front().flatten(),
        };
        let failure = failure.or_else(|| {
            let any = [Failure::Unavailable, Failure::NoConnection, Failure::Interrupted, Failure::Silent];
            if random.f64() < faults.share {
                random.choice(any)
            } else {
                let whim = Failure::Whim(Duration::from_millis(random.u64(..=faults.longest_whim)));
                (random.f64() < faults.whims).then_some(whim)
            }
        });
        (there, back, failure)
    }

    /// What the server does with a request, and what it asks to wait.
    fn serve(&self, failure: Option<Failure>) -> (TransportResponse, Option<Duration>) {
        let now = self.elapsed();
        let wall = self.0.clock.wall_at(now);
        let state = &mut *self.state();
        if failure == Some(Failure::Unavailable) {
            return (TransportResponse::new(503, HeaderMap::new(), ""), None);
        }
        let full: Vec<bool> = state.windows.iter_mut().map(|window| !window.has_room(now)).collect();
        let whim = match failure {
            Some(Failure::Whim(wait)) => Some(wait),
            _ => None,
        };
        let is_full = full.contains(&true);
        if whim.is_none() {
            state.windows.iter_mut().for_each(|window| window.count(now, !is_full));
        }
        let tightest =
            state.windows.iter().min_by_key(|window| (window.remaining(), std::cmp::Reverse(window.reset(now))));
        let tightest = tightest.expect("a window");
        let told = State {
            limit: tightest.limit,
            remaining: tightest.remaining(),
            length: tightest.length,
            reset: tightest.reset(now).saturating_sub(now),
        };
        let refused = is_full.then_some(told.reset);
        self.0.voice.answer(wall, &told, whim.or(refused))
    }
}

impl Transport for Server {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let call = request.url.path().rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        self.note(call, Step::Sent);
        let (there, back, failure) = self.fate();
        let server = self.clone();
        let (sender, receiver) = oneshot::channel();
        // What is on its way arrives, whether or not its sender still waits.
        tokio::spawn(async move {
            tokio::time::sleep(there).await;
            let broken = |failure| Err(TransportError::new(failure, "simulated"));
            let answer = if failure == Some(Failure::NoConnection) {
                broken(TransportFailure::Connect)
            } else {
                server.state().late += u64::from(sender.is_closed());
                let answer = server.serve(failure);
                match failure {
                    Some(Failure::Interrupted) => broken(TransportFailure::Interrupted),
                    Some(Failure::Silent) => std::future::pending().await,
                    _ => {
                        tokio::time::sleep(back).await;
                        Ok(answer)
                    }
                }
            };
            drop(sender.send(answer));
        });
        Box::pin(async move {
            let (answer, told) = receiver.await.expect("no panic")?;
            self.note(call, Step::Heard { status: answer.status, told });
            Ok(answer)
        })
    }
}
