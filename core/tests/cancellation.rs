//! Calls that are given up, wherever they are: they end at once, send nothing more, leave
//! nothing open, and the observer hears of it. And deadlines, which are given up for.

#![allow(clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "each test file uses its part")]
mod accounts;
mod faulty;

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use accounts::{by_password, count, sandbox, until};
use faulty::{Server, Step, send};
use linktor::{Client, ClientBuilder, Error, ErrorKind, Event, Method, Observer, Request, Response, Sent};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use tokio::task::JoinHandle;

const AT_ONCE: Duration = Duration::from_millis(50);
/// More than any call would still take if it went on.
const LATER: Duration = Duration::from_millis(700);
const HOUR: Duration = Duration::from_hours(1);

/// What has begun and not ended, and how what has ended did.
#[derive(Default)]
struct Parts {
    open: HashMap<String, usize>,
    ended: Vec<(&'static str, Option<ErrorKind>)>,
}

#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Parts>>);

impl Watch {
    fn open(&self) -> HashMap<String, usize> {
        self.0.lock().expect("not poisoned").open.clone()
    }

    fn has(&self, part: &str) -> bool {
        self.open().keys().any(|open| open.starts_with(part))
    }

    fn ended(&self) -> Vec<(&'static str, Option<ErrorKind>)> {
        self.0.lock().expect("not poisoned").ended.clone()
    }
}

impl Observer for Watch {
    fn event(&self, event: &Event<'_>) {
        let Parts { open, ended } = &mut *self.0.lock().expect("not poisoned");
        let mut begin = |part: String| *open.entry(part).or_default() += 1;
        let (part, end) = match event {
            Event::CallStarted { call } => return begin(format!("call {}", call.request_id)),
            Event::AttemptStarted { call, attempt } => return begin(format!("attempt {} {attempt}", call.request_id)),
            Event::WaitStarted { call, reason, .. } => return begin(format!("wait {} {reason:?}", call.request_id)),
            Event::RenewalStarted { call } => return begin(format!("renewal {}", call.request_id)),
            Event::CallEnded { call, outcome, .. } => (format!("call {}", call.request_id), ("call", outcome.error)),
            Event::AttemptEnded { call, attempt, outcome, .. } => {
                (format!("attempt {} {attempt}", call.request_id), ("attempt", outcome.error))
            }
            Event::WaitEnded { call, reason, .. } => (format!("wait {} {reason:?}", call.request_id), ("wait", None)),
            Event::RenewalEnded { call, error } => (format!("renewal {}", call.request_id), ("renewal", *error)),
            other => panic!("unexpected: {other:?}"),
        };
        // A panic here would be swallowed: an end without its begin stays open for ever.
        let left = open.remove(&part).map_or(usize::MAX, |count| count - 1);
        if left > 0 {
            open.insert(part, left);
        }
        ended.push(end);
    }
}

/// A call that is under way, and what to expect of it.
struct Scene {
    client: Client,
    watch: Watch,
    call: JoinHandle<Result<Response, Error>>,
    /// How many requests the server has seen.
    requests: Box<dyn Fn() -> usize>,
    /// How many clients' connections have been given up, where that is to be seen.
    left: Option<Box<dyn Fn() -> usize>>,
    sent: Sent,
    /// The part that it is in the middle of, which ends as cancelled, but for a wait.
    part: &'static str,
}

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder()
        .api_key(fixtures::LINKTOR_API_KEY)
        .base_url(sandbox.base_url("linktor"))
        .max_retry_wait(2 * HOUR)
        .random(|| 0.999)
}

fn limited() -> Answer {
    Answer::status(429).header("Retry-After", "3600")
}

/// A scene against the sandbox, whose first request is answered like this.
async fn after(answer: Answer, sent: Sent) -> Scene {
    let sandbox = sandbox().await;
    sandbox.script(vec![answer]);
    let watch = Watch::default();
    let client = builder(&sandbox).observer(watch.clone()).build().expect("a valid client");
    let call = tokio::spawn(client.get("/me").send());
    until("it waits", || watch.has("wait")).await;
    Scene { client, watch, call, requests: Box::new(move || sandbox.journal().len()), left: None, sent, part: "wait" }
}

async fn in_a_long_wait() -> Scene {
    after(Answer::status(503).header("Retry-After", "3600"), Sent::Yes).await
}

async fn in_a_backoff() -> Scene {
    after(Answer::status(503), Sent::Yes).await
}

async fn at_a_gate_that_it_closed_itself() -> Scene {
    after(limited(), Sent::Yes).await
}

async fn at_a_gate_that_another_closed() -> Scene {
    let sandbox = sandbox().await;
    sandbox.script(vec![limited()]);
    let watch = Watch::default();
    let client = builder(&sandbox).observer(watch.clone()).build().expect("a valid client");
    client.get("/me").max_retries(0).send().await.expect_err("it is limited");
    let call = tokio::spawn(client.post("/contacts").send());
    until("it queues", || watch.has("wait")).await;
    let requests = Box::new(move || sandbox.journal().len());
    Scene { client, watch, call, requests, left: None, sent: Sent::No, part: "wait" }
}

/// A scene against a server that goes no further.
async fn stuck(server: Server, build: impl FnOnce(&Server) -> ClientBuilder) -> Scene {
    let watch = Watch::default();
    let client = build(&server).api_key("invented").observer(watch.clone()).build().expect("a valid client");
    let call = tokio::spawn(client.get("/me").send());
    until("it is connected", || server.connections() == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let server = Arc::new(server);
    let same = Arc::clone(&server);
    let requests = Box::new(move || same.connections() + same.requests().len());
    let left: Box<dyn Fn() -> usize> = Box::new(move || server.left());
    Scene { client, watch, call, requests, left: Some(left), sent: Sent::Maybe, part: "attempt" }
}

async fn in_a_handshake() -> Scene {
    stuck(Server::greeting(vec![Step::Hang]).await, |server| Client::builder().base_url(server.url("https"))).await
}

async fn behind_a_proxy_that_says_nothing() -> Scene {
    stuck(Server::greeting(vec![Step::Hang]).await, |server| {
        Client::builder().base_url("https://api.example.invalid").proxy(server.url("http"))
    })
    .await
}

async fn before_the_head_of_an_answer() -> Scene {
    stuck(Server::answering(vec![vec![Step::Hang]]).await, |server| Client::builder().base_url(server.url("http")))
        .await
}

async fn in_the_body_of_an_answer() -> Scene {
    let half = send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    stuck(Server::answering(vec![vec![half, Step::Hang]]).await, |server| {
        Client::builder().base_url(server.url("http"))
    })
    .await
}

async fn ends_at_once(scene: Scene, is_closed: bool) {
    let Scene { client, watch, call, requests, left, sent, part } = scene;
    let before = requests();
    let started = Instant::now();
    let expected = if is_closed {
        client.close();
        let error = call.await.expect("no panic").expect_err("it was closed");
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Closed, sent), "{error:?}");
        ErrorKind::Closed
    } else {
        call.abort();
        assert!(call.await.expect_err("it was dropped").is_cancelled());
        ErrorKind::Cancelled
    };
    if let Some(left) = left {
        until("the connection is given up", || left() == 1).await;
    }
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());

    assert_eq!(watch.open(), HashMap::new(), "what has begun has ended");
    let ended = watch.ended();
    let cancelled = if part == "wait" { None } else { Some(ErrorKind::Cancelled) };
    assert_eq!(ended[ended.len() - 2..], [(part, cancelled), ("call", Some(expected))]);

    tokio::time::sleep(LATER).await;
    assert_eq!(requests(), before, "nothing is sent afterwards");
    assert_eq!(watch.ended(), ended, "nothing happens afterwards");
}

#[tokio::test]
async fn a_wait_of_an_hour_ends_at_once() {
    ends_at_once(in_a_long_wait().await, false).await;
    ends_at_once(in_a_long_wait().await, true).await;
}

#[tokio::test]
async fn a_backoff_ends_at_once() {
    ends_at_once(in_a_backoff().await, false).await;
    ends_at_once(in_a_backoff().await, true).await;
}

#[tokio::test]
async fn the_queue_at_ones_own_closed_gate_ends_at_once() {
    ends_at_once(at_a_gate_that_it_closed_itself().await, false).await;
    ends_at_once(at_a_gate_that_it_closed_itself().await, true).await;
}

#[tokio::test]
async fn the_queue_at_a_gate_that_another_closed_ends_at_once() {
    ends_at_once(at_a_gate_that_another_closed().await, false).await;
    ends_at_once(at_a_gate_that_another_closed().await, true).await;
}

#[tokio::test]
async fn a_handshake_ends_at_once() {
    ends_at_once(in_a_handshake().await, false).await;
    ends_at_once(in_a_handshake().await, true).await;
}

#[tokio::test]
async fn a_connect_through_a_proxy_ends_at_once() {
    ends_at_once(behind_a_proxy_that_says_nothing().await, false).await;
    ends_at_once(behind_a_proxy_that_says_nothing().await, true).await;
}

#[tokio::test]
async fn waiting_for_an_answer_ends_at_once() {
    ends_at_once(before_the_head_of_an_answer().await, false).await;
    ends_at_once(before_the_head_of_an_answer().await, true).await;
}

#[tokio::test]
async fn reading_a_body_ends_at_once() {
    ends_at_once(in_the_body_of_an_answer().await, false).await;
    ends_at_once(in_the_body_of_an_answer().await, true).await;
}

#[tokio::test]
async fn a_call_that_is_told_to_stop_says_how_far_it_came() {
    let sandbox = sandbox().await;
    sandbox.script(vec![Answer::status(503).header("Retry-After", "0.001"), Answer::status(200).delay_ms(10_000)]);
    let watch = Watch::default();
    let client = builder(&sandbox).observer(watch.clone()).build().expect("a valid client");
    let mut request = Request::new(Method::GET, "/me");
    request.request_id = Some("stopped".to_owned());
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let call = tokio::spawn(async move { client.execute_until(request, async { stopped.await.unwrap_or(()) }).await });
    until("it is at its second attempt", || sandbox.journal().len() == 2).await;

    let started = Instant::now();
    stop.send(()).expect("it listens");
    let error = call.await.expect("no panic").expect_err("it was stopped");
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Cancelled, Sent::Yes, 2), "{error:?}");
    assert_eq!(error.request_id(), Some("stopped"));
    assert_eq!(watch.open(), HashMap::new(), "what has begun has ended");
    let cancelled = Some(ErrorKind::Cancelled);
    assert_eq!(watch.ended()[watch.ended().len() - 2..], [("attempt", cancelled), ("call", cancelled)]);
}

/// A call that waits for a login, of which the server has heard.
async fn in_a_renewal() -> (Sandbox, Client, Watch, JoinHandle<Result<Response, Error>>) {
    let sandbox = sandbox().await;
    sandbox.script(vec![Answer::pass().delay_ms(200).on("POST", "/api/v1/auth/login")]);
    let watch = Watch::default();
    let client = by_password(&sandbox).observer(watch.clone()).build().expect("a valid client");
    let call = tokio::spawn(client.get("/me").request_id("waits").send());
    until("the login is under way", || sandbox.journal().len() == 1).await;
    (sandbox, client, watch, call)
}

#[tokio::test]
async fn the_wait_for_a_renewal_ends_at_once_and_the_renewal_goes_on() {
    for is_closed in [false, true] {
        let (sandbox, client, watch, call) = in_a_renewal().await;
        let started = Instant::now();
        let expected = if is_closed {
            client.close();
            let error = call.await.expect("no panic").expect_err("it was closed");
            assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Closed, Sent::No, 0));
            ErrorKind::Closed
        } else {
            call.abort();
            assert!(call.await.expect_err("it was dropped").is_cancelled());
            ErrorKind::Cancelled
        };
        assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
        assert_eq!(watch.ended(), [("renewal", Some(ErrorKind::Cancelled)), ("call", Some(expected))]);
        assert!(watch.open().keys().all(|part| !part.contains("waits")), "{:?}", watch.open());

        until("the login is done", || watch.open().is_empty()).await;
        assert_eq!(watch.ended()[2..], [("attempt", None), ("call", None)], "of the login");
        tokio::time::sleep(LATER).await;
        assert_eq!((sandbox.journal().len(), count(&sandbox, "/auth/login", 200)), (1, 1));
        if !is_closed {
            client.get("/me").send().await.expect("its token is there");
            assert_eq!((sandbox.journal().len(), count(&sandbox, "/me", 200)), (2, 1));
        }
    }
}

#[tokio::test]
async fn a_place_in_the_queue_that_is_given_up_holds_nobody_up() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).random(|| 0.0).build().expect("a valid client");
    sandbox.script(vec![Answer::status(429).header("Retry-After-Ms", "300")]);
    client.get("/first").max_retries(0).send().await.expect_err("it is limited");
    let calls: Vec<_> = (0..6).map(|_| tokio::spawn(client.get("/me").send())).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut calls = calls.into_iter();
    for given_up in calls.by_ref().take(3) {
        given_up.abort();
    }
    for call in calls {
        let response = call.await.expect("no panic").expect("a success");
        assert!(response.waited() < Duration::from_millis(450), "{:?}", response.waited());
    }
    assert_eq!(sandbox.journal().len(), 4);
}

#[tokio::test]
async fn the_one_that_goes_first_and_is_given_up_holds_nobody_up() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).random(|| 0.0).build().expect("a valid client");
    sandbox.script(vec![Answer::status(429).header("Retry-After-Ms", "100"), Answer::pass().delay_ms(5000)]);
    client.get("/me").max_retries(0).send().await.expect_err("it is limited");
    let first = tokio::spawn(client.get("/me").send());
    let rest: Vec<_> = (0..3).map(|_| tokio::spawn(client.get("/me").send())).collect();
    until("one goes first", || sandbox.journal().len() == 2).await;
    tokio::time::sleep(AT_ONCE).await;
    assert_eq!(sandbox.journal().len(), 2, "the rest waits for its answer");

    first.abort();
    let started = Instant::now();
    for call in rest {
        call.await.expect("no panic").expect("a success");
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(sandbox.journal().len(), 5);
}

/// Of those that queue for a connection, none takes the place of one that has ended.
#[tokio::test]
async fn closing_ends_a_thousand_calls_at_once() {
    let sandbox = sandbox().await;
    let watch = Watch::default();
    let client = builder(&sandbox).observer(watch.clone()).build().expect("a valid client");
    sandbox.script((0..128).map(|_| Answer::pass().delay_ms(20_000)).collect());
    let calls: Vec<_> = (0..1000).map(|_| tokio::spawn(client.get("/me").send())).collect();
    until("all connections are in use", || sandbox.journal().len() == 128).await;
    let started = Instant::now();
    client.close();
    let mut begun = 0;
    for call in calls {
        let error = call.await.expect("no panic").expect_err("it was closed");
        let sent = if error.attempts() == 0 { Sent::No } else { Sent::Maybe };
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Closed, sent));
        begun += error.attempts();
    }
    let elapsed = started.elapsed();
    assert_eq!(begun, 128, "attempts begun, in {elapsed:?}");
    assert!(elapsed < 4 * AT_ONCE, "{elapsed:?}");
    assert_eq!(watch.open(), HashMap::new());
    until("the connections are given up", || sandbox.journal().iter().all(|entry| entry.aborted)).await;
    assert_eq!(sandbox.journal().len(), 128);
}

/// With a connection at hand, and only the answer to the first of them to wait for.
#[tokio::test]
async fn closing_lets_nobody_through_a_gate() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).random(|| 0.0).build().expect("a valid client");
    let limited = Answer::status(429).header("Retry-After-Ms", "50").delay_ms(50);
    sandbox.script(vec![limited.clone(), limited, Answer::pass().delay_ms(20_000)]);
    let get = || client.get("/me").max_retries(0).send();
    let (one, other) = tokio::join!(get(), get());
    one.and(other).expect_err("they are limited, on two connections");
    let calls: Vec<_> = (0..50).map(|_| tokio::spawn(client.post("/contacts").send())).collect();
    until("one goes first", || sandbox.journal().len() == 3).await;
    client.close();
    let mut begun = 0;
    for call in calls {
        let error = call.await.expect("no panic").expect_err("it was closed");
        assert_eq!(error.kind(), ErrorKind::Closed);
        begun += error.attempts();
    }
    tokio::time::sleep(AT_ONCE).await;
    assert_eq!((begun, sandbox.journal().len()), (1, 3), "attempts begun, requests seen");
}

#[tokio::test]
async fn a_deadline_that_would_strike_in_a_queue_is_foreseen() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    sandbox.script(vec![limited()]);
    client.get("/me").max_retries(0).send().await.expect_err("it is limited");
    let started = Instant::now();
    let error = client.get("/me").deadline(Duration::from_secs(5)).send().await.expect_err("its turn is too late");
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::RateLimited, Sent::No, 0));
    assert_eq!(error.retry_after(), Some(HOUR), "in whole seconds");
    assert_eq!(sandbox.journal().len(), 1);
}

#[tokio::test]
async fn a_deadline_before_the_hint_is_the_servers_error_at_once() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    for status in [503, 429] {
        sandbox.script(vec![Answer::status(status).header("Retry-After", "3")]);
        let started = Instant::now();
        let error = client.get("/contacts").deadline(Duration::from_secs(2)).send().await.expect_err("it is too long");
        assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
        assert_eq!((error.status(), error.sent(), error.attempts()), (Some(status), Sent::Yes, 1));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    }
}

#[tokio::test]
async fn a_deadline_in_the_middle_of_an_attempt_names_the_servers_last_error() {
    let sandbox = sandbox().await;
    let watch = Watch::default();
    let client = builder(&sandbox).random(|| 0.0).observer(watch.clone()).build().expect("a valid client");
    sandbox.script(vec![Answer::status(503), Answer::pass().delay_ms(10_000)]);
    let started = Instant::now();
    let error = client.get("/me").deadline(Duration::from_millis(300)).send().await.expect_err("it is late");
    let elapsed = started.elapsed();
    assert!((300..350).contains(&elapsed.as_millis()), "{elapsed:?}");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::Yes, 2));
    let source = error.source().and_then(|source| source.downcast_ref::<Error>()).expect("the server's error");
    assert_eq!((source.kind(), source.status()), (ErrorKind::Server, Some(503)));
    assert_eq!(watch.open(), HashMap::new());
    let timeout = Some(ErrorKind::Timeout);
    assert_eq!(watch.ended().last(), Some(&("call", timeout)));

    sandbox.script(vec![Answer::pass().delay_ms(10_000)]);
    let error = client.post("/contacts").deadline(Duration::from_millis(50)).send().await.expect_err("it is late");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::Maybe, 1));
    assert!(error.source().is_none(), "{error:?}");
}

#[tokio::test]
async fn a_deadline_behind_one_that_never_comes_back_is_a_rate_limit() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).random(|| 0.0).build().expect("a valid client");
    sandbox.script(vec![Answer::status(429).header("Retry-After-Ms", "50"), Answer::pass().delay_ms(10_000)]);
    client.get("/me").max_retries(0).send().await.expect_err("it is limited");
    let first = tokio::spawn(client.get("/me").send());
    until("one goes first", || sandbox.journal().len() == 2).await;
    let started = Instant::now();
    let error = client.get("/me").deadline(Duration::from_millis(200)).send().await.expect_err("its turn never comes");
    let elapsed = started.elapsed();
    assert!((195..250).contains(&elapsed.as_millis()), "{elapsed:?}");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::RateLimited, Sent::No, 0), "{error:?}");
    assert_ne!(error.retry_after(), Some(Duration::ZERO), "{error:?}");
    first.abort();
    assert_eq!(sandbox.journal().len(), 2);
}
