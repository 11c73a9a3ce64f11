//! What holds for any limits, windows, latencies, callers, hints, failures, deadlines and
//! cancellations.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use linktor::{Client, Error, ErrorKind, Event, Limit, Observer, Pacing, WaitReason};
use proptest::prelude::*;

use crate::model::{Faults, Kind, Server, Setting, Step, Window, simulate, voice};

/// Of the simulated timer: what ends at a time is seen by the next.
const TICK: Duration = Duration::from_millis(2);
const LONGEST_WHIM: u64 = 90_000;

#[derive(Debug, Clone)]
struct Plan {
    seed: u64,
    is_proactive: bool,
    voice: usize,
    is_early: bool,
    windows: Vec<(u8, u64, u64)>,
    latency: u64,
    client_ahead: i64,
    failing: f64,
    whims: f64,
    max_retries: u32,
    max_wait: Duration,
    timeout: Duration,
    calls: Vec<Caller>,
}

#[derive(Debug, Clone)]
struct Caller {
    begins: Duration,
    deadline: Option<Duration>,
    cancelled: Option<Duration>,
}

fn milliseconds(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![3 => Just(0.0), 1 => 0.0..0.5]
}

fn plan(is_proactive: bool) -> impl Strategy<Value = Plan> {
    let caller = (
        prop_oneof![2 => Just(Duration::ZERO), 1 => milliseconds(0..60_000)],
        prop::option::weighted(0.2, milliseconds(1..90_000)),
        prop::option::weighted(0.2, milliseconds(0..90_000)),
    );
    let caller = caller.prop_map(|(begins, deadline, cancelled)| Caller { begins, deadline, cancelled });
    let server = (0..6usize, any::<bool>(), prop::collection::vec((0..3u8, 1..12u64, 1..60u64), 1..3), 1..3_000u64);
    let trouble = (-20_000..20_000i64, share(), share());
    let policy = (0..5u32, milliseconds(0..120_000), milliseconds(100..30_000));
    (any::<u64>(), server, trouble, policy, prop::collection::vec(caller, 1..40)).prop_map(
        move |(seed, server, trouble, policy, calls)| {
            let (voice, is_early, windows, latency) = server;
            let (client_ahead, failing, whims) = trouble;
            let (max_retries, max_wait, timeout) = policy;
            Plan {
                seed,
                is_proactive,
                voice,
                is_early,
                windows,
                latency,
                client_ahead,
                failing,
                whims,
                max_retries,
                max_wait,
                timeout,
                calls,
            }
        },
    )
}

/// What a client did, by the number of the call, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Queued,
    Waited(Duration),
    Sent,
}

#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<(u64, Did)>>>);

impl Observer for Diary {
    fn event(&self, event: &Event<'_>) {
        let (call, did) = match event {
            Event::WaitStarted { call, reason: WaitReason::RateLimit, .. } => (call, Did::Queued),
            Event::WaitEnded { call, elapsed, .. } => (call, Did::Waited(*elapsed)),
            Event::AttemptStarted { call, .. } => (call, Did::Sent),
            _ => return,
        };
        let number = call.path.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number");
        self.0.lock().expect("not poisoned").push((number, did));
    }
}

/// How a call ended, and how long that took; nothing if it was cancelled.
struct Ended {
    result: Option<Result<u32, Error>>,
    elapsed: Duration,
}

/// Calls with odd numbers are of another class, where the family has one.
fn path(number: u64) -> String {
    format!("/{}/{number}", if number % 2 == 1 { "auth" } else { "calls" })
}

async fn call(client: Client, caller: Caller, number: usize) -> Ended {
    tokio::time::sleep(caller.begins).await;
    let mut request = client.get(path(number as u64));
    if let Some(deadline) = caller.deadline {
        request = request.deadline(deadline);
    }
    let began = tokio::time::Instant::now();
    let result =
        tokio::time::timeout(caller.cancelled.unwrap_or(Duration::from_hours(24)), Box::pin(request.send())).await;
    let result = result.ok().map(|result| result.map(|response| response.attempts()));
    Ended { result, elapsed: began.elapsed() }
}

impl Plan {
    fn server(&self) -> Server {
        let voice = voice::ALL[self.voice].early(self.is_early);
        let windows = self.windows.iter().map(|&(kind, limit, seconds)| {
            let first_ends = Duration::from_millis(self.seed % (seconds * 1_000) + 1);
            let kind = [Kind::Grid { first_ends }, Kind::FirstRequest, Kind::Sliding][usize::from(kind)];
            Window::new(kind, limit, seconds)
        });
        Server::new(Setting {
            seed: self.seed,
            windows: windows.collect(),
            voice,
            latency: 0..self.latency,
            client_ahead: self.client_ahead,
            faults: Faults { share: self.failing, whims: self.whims, longest_whim: LONGEST_WHIM, ..Faults::default() },
        })
    }

    fn client(&self, server: &Server, diary: &Diary) -> Client {
        let limits: Vec<_> =
            self.windows.iter().map(|&(_, limit, seconds)| Limit::new(limit, Duration::from_secs(seconds))).collect();
        server
            .client(if self.is_proactive { Pacing::Proactive } else { Pacing::Reactive })
            .limits(limits)
            .max_retries(self.max_retries)
            .max_retry_wait(self.max_wait)
            .timeout(self.timeout)
            .observer(diary.clone())
            .build()
            .expect("a valid client")
    }

    /// The class of a call: only one family has several.
    fn class(&self, call: u64) -> u64 {
        if self.voice == 0 { call % 2 } else { 0 }
    }

    /// How long a call may take at most.
    fn patience(&self, caller: &Caller) -> Duration {
        let attempts = self.max_retries + 1;
        let longest = (self.timeout + 2 * self.max_wait + 2 * TICK) * attempts;
        let bounds = [caller.deadline, caller.cancelled].into_iter().flatten().map(|bound| bound + TICK);
        bounds.fold(longest, Duration::min)
    }
}

async fn live(plan: &Plan) -> Result<(), TestCaseError> {
    let (server, diary) = (plan.server(), Diary::default());
    let client = plan.client(&server, &diary);
    let callers = plan.calls.iter().enumerate();
    // Each a task of its own: they are woken in the order in which they may go.
    let calls: Vec<_> =
        callers.map(|(number, caller)| tokio::spawn(call(client.clone(), caller.clone(), number))).collect();
    let ended: Vec<_> = join_all(calls).await.into_iter().map(|ended| ended.expect("no panic")).collect();
    let did = std::mem::take(&mut *diary.0.lock().expect("not poisoned"));

    no_hint_is_undercut(plan, &server)?;
    first_come_first_served(plan, &did)?;
    policies_are_kept(plan, &ended, &did)?;
    if plan.is_proactive {
        // What is given up and reaches the server all the same, nobody can count in time.
        let excused = server.late() * plan.windows.len() as u64;
        prop_assert!(server.refused() <= excused, "{} 429s, {} late", server.refused(), server.late());
    }
    Box::pin(nothing_is_left_over(plan, &server, &client)).await
}

/// Nothing is sent until a hint is over; but at the very moment at which it came, what had
/// been let through just before it may go.
fn no_hint_is_undercut(plan: &Plan, server: &Server) -> Result<(), TestCaseError> {
    let mut closed = BTreeMap::new();
    for entry in server.journal() {
        let (since, until): &mut (Duration, Duration) = closed.entry(plan.class(entry.call)).or_default();
        match entry.step {
            Step::Sent => prop_assert!(entry.at == *since || entry.at >= *until, "{:?} before {:?}", entry, until),
            Step::Heard { told: Some(told), .. } => (*since, *until) = (entry.at, (*until).max(entry.at + told)),
            Step::Heard { .. } => {}
        }
    }
    Ok(())
}

/// Of the requests that queued before they were sent for the first time, none overtakes
/// another. Left out are those that came, or would have gone, at the very moment at which
/// there was room: they need not be woken to find that out.
fn first_come_first_served(plan: &Plan, did: &[(u64, Did)]) -> Result<(), TestCaseError> {
    for class in 0..2 {
        let order: Vec<_> = did
            .iter()
            .enumerate()
            .filter(|(_, (call, did))| *did == Did::Queued && plan.class(*call) == class)
            .filter_map(|(queued, (call, _))| {
                let mine = || did.iter().enumerate().filter(|(_, (other, _))| other == call);
                let (sent, _) = mine().find(|(_, (_, did))| *did == Did::Sent)?;
                let waited = mine().find_map(|(at, (_, did))| match did {
                    Did::Waited(wait) if at > queued => Some(*wait),
                    _ => None,
                })?;
                let deadline = plan.calls[usize::try_from(*call).ok()?].deadline;
                let patience = plan.max_wait.min(deadline.unwrap_or(Duration::MAX));
                (sent > queued && waited > TICK && waited + TICK < patience).then_some(sent)
            })
            .collect();
        prop_assert!(order.is_sorted(), "{:?} overtook: {:?}", order, did);
    }
    Ok(())
}

fn policies_are_kept(plan: &Plan, ended: &[Ended], did: &[(u64, Did)]) -> Result<(), TestCaseError> {
    for (number, Ended { result, elapsed }) in ended.iter().enumerate() {
        let mine = || did.iter().filter(|(call, _)| *call == number as u64).map(|(_, did)| *did);
        let sent = mine().filter(|did| *did == Did::Sent).count();
        let what = format!("call {number}: {result:?} after {elapsed:?}");
        prop_assert!(sent <= plan.max_retries as usize + 1, "{}, {} attempts", what, sent);
        prop_assert!(*elapsed <= plan.patience(&plan.calls[number]), "{}", what);
        for did in mine() {
            if let Did::Waited(wait) = did {
                prop_assert!(wait <= plan.max_wait + TICK, "{}, waited {:?}", what, wait);
            }
        }
        let deadline = plan.calls[number].deadline;
        match result {
            Some(Ok(attempts)) => prop_assert_eq!(*attempts as usize, sent),
            Some(Err(error)) => {
                prop_assert_eq!(error.attempts() as usize, sent);
                let is_at_once = !mine().any(|did| matches!(did, Did::Waited(_)));
                prop_assert!(!is_at_once || error.waited() == Duration::ZERO, "{}", what);
                let is_told = error.kind() != ErrorKind::RateLimited || error.retry_after().is_some();
                let is_patient = error.waited() + TICK >= plan.max_wait.min(deadline.unwrap_or(Duration::MAX));
                prop_assert!(sent > 0 || is_told || is_patient, "{}", what);
            }
            None => {}
        }
    }
    Ok(())
}

/// When the server is healthy again and every window and hint is over, requests go at once.
async fn nothing_is_left_over(plan: &Plan, server: &Server, client: &Client) -> Result<(), TestCaseError> {
    server.fail(Faults::default());
    tokio::time::sleep(Duration::from_millis(LONGEST_WHIM + 70_000) + plan.timeout).await;
    for number in [1_000, 1_001] {
        let began = tokio::time::Instant::now();
        let request = client.get(path(number)).timeout(Duration::from_secs(30));
        let response =
            Box::pin(request.send()).await.map_err(|error| TestCaseError::fail(format!("left over: {error:?}")))?;
        prop_assert_eq!((response.attempts(), response.waited()), (1, Duration::ZERO));
        prop_assert!(began.elapsed() <= Duration::from_millis(2 * plan.latency) + TICK);
        tokio::time::sleep(Duration::from_secs(70)).await;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reactive_client_keeps_the_laws(plan in plan(false)) {
        simulate(plan.seed, live(&plan))?;
    }

    #[test]
    fn a_proactive_client_keeps_the_laws(plan in plan(true)) {
        simulate(plan.seed, live(&plan))?;
    }
}
