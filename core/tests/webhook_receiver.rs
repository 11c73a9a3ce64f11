//! Receiving over real HTTP: axum on one side, the sandbox's deliveries on the other.

#![allow(clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use futures_util::future::BoxFuture;
use linktor::webhook::{
    self, Begun, Deduplicator, Delivery, Event, MemoryDeduplicator, Receiver, SignOptions, Verifier,
};
use linktor::{Clock, ErrorKind, HeaderMap, StoreResult};
use linktor_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves until the test ends.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/hook")
}

fn secret(sandbox: &Sandbox, family: &str) -> String {
    let family = if family == "linktor_body" { "linktor" } else { family };
    sandbox.ready()["credentials"][family]["webhook_secret"].as_str().expect("a secret").to_owned()
}

fn receiver(sandbox: &Sandbox, family: &str) -> Receiver {
    Receiver::new(Verifier::new(family, secret(sandbox, family)).expect("a verifier"))
}

async fn statuses(sandbox: &Sandbox, call: Value) -> Vec<u64> {
    let report = sandbox.deliver(call).await.expect("a call of the control plane");
    let deliveries = report["deliveries"].as_array().expect("a report lists deliveries");
    deliveries.iter().map(|one| one["status"].as_u64().unwrap_or_else(|| panic!("{report}"))).collect()
}

/// Sends a delivery; its answer's status line, headers and body.
async fn send(method: &str, url: &str, headers: HeaderMap, body: &str) -> String {
    let (address, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
    let headers = headers.iter().map(|(name, value)| {
        let value = value.to_str().expect("visible ASCII");
        format!("{name}: {value}\r\n")
    });
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{body}",
        headers.collect::<String>(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A server that refuses a long body need not read it whole.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

const FAMILIES: [&str; 7] =
    ["linktor", "linktor_body", "libromi", "api_v1", "api_v2", "standard_webhooks", "x_hub_signature_256"];

#[tokio::test]
async fn what_each_family_sends_is_received_whole() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    for family in FAMILIES {
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let kept = Arc::clone(&events);
        let handler = async move |event: Event| kept.lock().expect("not poisoned").push(event);
        let url = serve(Router::new().route("/hook", post(handler).layer(receiver(&sandbox, family)))).await;
        let data = json!({"content": "Ol\u{e1} / 1", "n": 1.5});
        let call = json!({"family": family, "url": url, "event": "message.received", "data": data});
        assert_eq!(statuses(&sandbox, call).await, [200], "{family}");
        let event = events.lock().expect("not poisoned").pop().unwrap_or_else(|| panic!("{family}: no event"));
        assert_eq!(event.event_type(), Some(&webhook::EventType::MessageReceived), "{family}");
        assert_eq!(event.data::<Value>().expect("JSON"), data, "{family}");
        assert_eq!(event.id().is_some(), family != "libromi", "{family}");
        let has_time = !["libromi", "x_hub_signature_256"].contains(&family);
        assert_eq!(event.timestamp().is_some(), has_time, "{family}");
        assert_eq!(event.organization().is_some(), family.starts_with("linktor"), "{family}");
    }
}

#[tokio::test]
async fn what_was_tampered_with_meets_no_handler() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    for family in FAMILIES {
        let handler = async |_: Event| -> StatusCode { panic!("a handler was called") };
        let url = serve(Router::new().route("/hook", post(handler).layer(receiver(&sandbox, family)))).await;
        for tamper in ["body", "signature", "secret", "unsigned", "timestamp", "stale"] {
            let call = json!({"family": family, "url": url, "event": "message.received", "tamper": tamper});
            match sandbox.deliver(call).await {
                Ok(report) => {
                    let expected = match tamper {
                        "unsigned" => "missing_signature",
                        "stale" => "timestamp_out_of_tolerance",
                        _ => "signature_mismatch",
                    };
                    for one in report["deliveries"].as_array().expect("a list") {
                        assert_eq!(one["status"], 401, "{family} {tamper}");
                        assert_eq!(one["body"], expected, "{family} {tamper}");
                    }
                }
                // Not every family signs a time.
                Err(_) => assert!(["timestamp", "stale"].contains(&tamper), "{family} {tamper}"),
            }
        }
    }
}

#[tokio::test]
async fn a_handler_that_fails_gets_the_redelivery_and_one_that_succeeded_none() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = async move |_: Event| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => StatusCode::INTERNAL_SERVER_ERROR,
        1 => StatusCode::BAD_REQUEST,
        _ => StatusCode::CREATED,
    };
    let url = serve(Router::new().route("/hook", post(handler).layer(receiver(&sandbox, "api_v1")))).await;
    let call = json!({"family": "api_v1", "url": url, "event": "user.created", "times": 3});
    // Twice it fails, once it succeeds, and then it is done though it is sent twice more.
    assert_eq!(statuses(&sandbox, call.clone()).await, [500, 400, 201, 200, 200]);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    assert_eq!(statuses(&sandbox, call).await, [201, 200, 200], "another event is new");
}

#[tokio::test]
async fn of_ten_thousand_duplicates_at_once_one_is_handled() {
    let body = br#"{"id":"evt_1","type":"message.received"}"#;
    let headers = webhook::sign("linktor", body, "invented-secret", &SignOptions::default()).expect("signed");
    let receiver = Receiver::new(Verifier::new("linktor", "invented-secret").expect("a verifier"));
    let handled = Arc::new(AtomicUsize::new(0));
    let deliveries = (0..10_000).map(|_| {
        let (receiver, headers, handled) = (receiver.clone(), headers.clone(), Arc::clone(&handled));
        tokio::spawn(async move {
            match receiver.receive(&body[..], &headers).await.expect("verified") {
                Delivery::New(claim) => {
                    handled.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    claim.commit().await.expect("committed");
                    1
                }
                Delivery::InProgress(event) | Delivery::Done(event) => {
                    assert_eq!(event.id(), Some("evt_1"));
                    0
                }
            }
        })
    });
    let counts = futures_util::future::join_all(deliveries.collect::<Vec<_>>()).await;
    assert_eq!(counts.into_iter().map(|count| count.expect("no panic")).sum::<usize>(), 1);
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_event_that_is_being_handled_is_to_come_again() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let seen = MemoryDeduplicator::new();
    let receiver = receiver(&sandbox, "standard_webhooks").deduplicator(seen.clone());
    let (started, go) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let inside = (Arc::clone(&started), Arc::clone(&go));
    let handler = async move |_: Event| {
        inside.0.notify_one();
        inside.1.notified().await;
    };
    let url = serve(Router::new().route("/hook", post(handler).layer(receiver))).await;
    let (body, secret) = ("{}", secret(&sandbox, "standard_webhooks"));
    let options = SignOptions { id: Some("msg_1".to_owned()), ..SignOptions::default() };
    let headers = webhook::sign("standard_webhooks", body.as_bytes(), secret, &options).expect("signed");
    let send = || {
        let (url, headers) = (url.clone(), headers.clone());
        async move { send("POST", &url, headers, body).await }
    };
    let first = tokio::spawn(send());
    started.notified().await;
    let second = send().await;
    assert_eq!(status(&second), 503);
    assert!(second.contains("retry-after: "), "{second}");
    go.notify_one();
    assert_eq!(status(&first.await.expect("no panic")), 200);
    assert_eq!(status(&send().await), 200);
    assert_eq!(seen.begin("msg_1").expect("an id"), Begun::Done);
}

/// A signed delivery of Linktor's.
fn delivery(id: &str) -> (String, HeaderMap) {
    let body = format!(r#"{{"id":"{id}","type":"message.received"}}"#);
    let headers =
        webhook::sign("linktor", body.as_bytes(), "invented-secret", &SignOptions::default()).expect("signed");
    (body, headers)
}

fn linktor() -> Receiver {
    Receiver::new(Verifier::new("linktor", "invented-secret").expect("a verifier"))
}

async fn claim(receiver: &Receiver, (body, headers): (String, HeaderMap)) -> webhook::Claim {
    match receiver.receive(body, &headers).await.expect("verified") {
        Delivery::New(claim) => claim,
        other => panic!("{other:?} is not new"),
    }
}

#[tokio::test]
async fn a_claim_that_is_dropped_is_released_at_once() {
    let receiver = linktor();
    drop(claim(&receiver, delivery("evt_1")).await);
    drop(claim(&receiver, delivery("evt_1")).await);
    let panicking = claim(&receiver, delivery("evt_1")).await;
    let handling = tokio::spawn(async move {
        assert_eq!(panicking.event().id(), None, "the handler panics");
    });
    assert!(handling.await.expect_err("it panics").is_panic());
    tokio::task::yield_now().await;
    claim(&receiver, delivery("evt_1")).await.commit().await.expect("committed");
    let (body, headers) = delivery("evt_1");
    assert!(matches!(receiver.receive(body, &headers).await, Ok(Delivery::Done(_))));
}

#[test]
fn of_threads_that_begin_an_event_at_once_one_gets_it() {
    const THREADS: usize = 4;
    let seen = MemoryDeduplicator::new();
    let barrier = std::sync::Barrier::new(THREADS);
    let begun = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for number in 0..2_500 {
                    barrier.wait();
                    if seen.begin(&format!("evt_{number}")).expect("an id") == Begun::New {
                        begun.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(begun.load(Ordering::SeqCst), 2_500);
}

/// A store elsewhere, which takes its time.
#[derive(Clone, Default)]
struct Slow(MemoryDeduplicator);

impl Slow {
    const TIME: Duration = Duration::from_millis(50);
}

impl Deduplicator for Slow {
    fn begin<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Begun>> {
        Box::pin(async move {
            let begun = self.0.begin(id)?;
            tokio::time::sleep(Self::TIME).await;
            Ok(begun)
        })
    }

    fn commit<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            tokio::time::sleep(Self::TIME).await;
            Ok(self.0.commit(id)?)
        })
    }

    fn release<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            tokio::time::sleep(Self::TIME).await;
            Ok(self.0.release(id)?)
        })
    }
}

#[tokio::test]
async fn a_sender_that_hangs_up_leaves_no_claim_behind() {
    let slow = Slow::default();
    let receiver = Arc::new(linktor().deduplicator(Arc::new(slow.clone())));
    let half = Slow::TIME / 2;
    let state = async |id: &str, expected| {
        tokio::time::sleep(3 * Slow::TIME).await;
        assert_eq!(slow.0.begin(id).expect("an id"), expected, "{id}");
    };

    let (body, headers) = delivery("left in begin");
    assert!(tokio::time::timeout(half, receiver.receive(body, &headers)).await.is_err());
    state("left in begin", Begun::New).await;

    let one = claim(&receiver, delivery("left in commit")).await;
    assert!(tokio::time::timeout(half, one.commit()).await.is_err());
    state("left in commit", Begun::Done).await;

    let one = claim(&receiver, delivery("left in release")).await;
    assert!(tokio::time::timeout(half, one.release()).await.is_err());
    state("left in release", Begun::New).await;

    drop(claim(&receiver, delivery("dropped")).await);
    state("dropped", Begun::New).await;
}

#[tokio::test]
async fn an_id_that_nobody_signed_silences_no_other_event() {
    let receiver = Receiver::new(Verifier::new("x_hub_signature_256", "invented-secret").expect("a verifier"));
    let delivery = |id: &'static str, body: &'static str| {
        let mut headers =
            webhook::sign("x_hub_signature_256", body.as_bytes(), "invented-secret", &SignOptions::default())
                .expect("signed");
        headers.insert("x-github-delivery", id.parse().expect("a header value"));
        (body.to_owned(), headers)
    };
    claim(&receiver, delivery("one", "{}")).await.commit().await.expect("committed");
    // Captured, and sent again under the id of an event that is yet to come.
    claim(&receiver, delivery("two", "{}")).await.commit().await.expect("committed");
    claim(&receiver, delivery("two", "[]")).await.commit().await.expect("committed");
    let (body, headers) = delivery("two", "[]");
    assert!(matches!(receiver.receive(body, &headers).await, Ok(Delivery::Done(_))));
}

#[tokio::test]
async fn only_a_post_delivers_and_a_get_may_stand_beside_it() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = async move |body: String| {
        counted.fetch_add(1, Ordering::SeqCst);
        body
    };
    let route = post(handler.clone()).get(handler.clone()).layer(linktor()).put(async || "a challenge");
    let url = serve(Router::new().route("/hook", route)).await;
    let (body, headers) = delivery("evt_1");
    let get = send("GET", &url, headers.clone(), &body).await;
    assert_eq!(status(&get), 405);
    assert!(get.contains("allow: POST"), "{get}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(status(&send("PUT", &url, HeaderMap::new(), "").await), 200);
    let answer = send("POST", &url, headers, &body).await;
    assert_eq!(status(&answer), 200);
    assert!(answer.ends_with(&body), "the handler has the body too: {answer}");
}

#[tokio::test]
async fn only_a_2xx_ends_an_event() {
    for (answer, expected) in [(204, Begun::Done), (302, Begun::New), (410, Begun::New), (500, Begun::New)] {
        let seen = MemoryDeduplicator::new();
        let handler = async move |_: Event| StatusCode::from_u16(answer).expect("a status");
        let receiver = linktor().deduplicator(seen.clone());
        let url = serve(Router::new().route("/hook", post(handler).layer(receiver))).await;
        let (body, headers) = delivery("evt_1");
        assert_eq!(status(&send("POST", &url, headers, &body).await), answer);
        assert_eq!(seen.begin("evt_1").expect("an id"), expected, "{answer}");
    }
}

#[tokio::test]
async fn bodies_are_read_up_to_the_limit_and_routes_without_a_receiver_say_so() {
    let verifier = Verifier::builder("linktor", "invented-secret").size_limit(1000);
    let receiver = Receiver::new(verifier.build().expect("a verifier"));
    let handler = async |event: Event| event.bytes().len().to_string();
    let router = Router::new().route("/hook", post(handler).layer(receiver)).route("/bare", post(handler));
    let url = serve(router).await;
    for (length, expected) in [(1000, 200), (1001, 413)] {
        let body = format!("{{\"data\":\"{}\"}}", "x".repeat(length - 11));
        let headers =
            webhook::sign("linktor", body.as_bytes(), "invented-secret", &SignOptions::default()).expect("signed");
        assert_eq!(status(&send("POST", &url, headers, &body).await), expected, "{length}");
    }
    let answer = send("POST", &url.replace("hook", "bare"), HeaderMap::new(), "{}").await;
    assert_eq!(status(&answer), 500);
    assert!(answer.contains("Receiver"), "{answer}");
}

/// A store that is down.
struct Down;

impl Deduplicator for Down {
    fn begin<'a>(&'a self, _: &'a str) -> BoxFuture<'a, StoreResult<Begun>> {
        Box::pin(async { Err("the store is down".into()) })
    }

    fn commit<'a>(&'a self, _: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Err("the store is down".into()) })
    }

    fn release<'a>(&'a self, _: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Err("the store is down".into()) })
    }
}

/// A store that goes down while an event is handled.
#[derive(Default)]
struct GoesDown(MemoryDeduplicator);

impl Deduplicator for GoesDown {
    fn begin<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Begun>> {
        Box::pin(async move { Ok(self.0.begin(id)?) })
    }

    fn commit<'a>(&'a self, _: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Err("the store is down".into()) })
    }

    fn release<'a>(&'a self, _: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Err("the store is down".into()) })
    }
}

#[tokio::test]
async fn a_store_that_goes_down_changes_no_answer_and_is_told() {
    let told = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&told);
    let tell = move |response: Response| {
        let error = response.extensions().get::<linktor::Error>().expect("why");
        assert_eq!(error.kind(), ErrorKind::Callback);
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(response)
    };
    let route = post(async |_: Event| StatusCode::CREATED).layer(linktor().deduplicator(GoesDown::default()));
    let url = serve(Router::new().route("/hook", route).layer(axum::middleware::map_response(tell))).await;
    let (body, headers) = delivery("evt_1");
    assert_eq!(status(&send("POST", &url, headers, &body).await), 201);
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_deduplicator_that_fails_loses_no_event() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let receiver = receiver(&sandbox, "linktor").deduplicator(Down);
    let body = br#"{"id":"evt_1"}"#;
    let headers = webhook::sign("linktor", body, secret(&sandbox, "linktor"), &SignOptions::default()).expect("signed");
    let error = receiver.receive(&body[..], &headers).await.expect_err("the store is down");
    assert_eq!(error.kind(), ErrorKind::Callback);
    let handler = async |_: Event| -> StatusCode { panic!("a handler was called") };
    let url = serve(Router::new().route("/hook", post(handler).layer(receiver))).await;
    let call = json!({"family": "linktor", "url": url, "event": "message.received"});
    assert_eq!(statuses(&sandbox, call).await, [503; 6]);
}

/// A clock that is set by hand.
#[derive(Clone)]
struct Hand(Arc<Mutex<Instant>>);

impl Clock for Hand {
    fn monotonic(&self) -> Instant {
        *self.0.lock().expect("not poisoned")
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

#[test]
fn an_event_is_remembered_for_a_day_from_when_it_was_done() {
    let hand = Hand(Arc::new(Mutex::new(Instant::now())));
    let pass = |time| *hand.0.lock().expect("not poisoned") += time;
    let seen = MemoryDeduplicator::new().clock(hand.clone());
    let begin = |id| seen.begin(id).expect("an id");
    assert_eq!(begin("evt_1"), Begun::New);
    pass(Duration::from_hours(23));
    seen.commit("evt_1").expect("an id");
    pass(Duration::from_hours(24) - Duration::from_secs(1));
    assert_eq!(begin("evt_1"), Begun::Done);
    pass(Duration::from_secs(1));
    assert_eq!(begin("evt_1"), Begun::New);
    pass(Duration::from_hours(24));
    assert_eq!(begin("evt_1"), Begun::New, "a claim that nobody ended");
}

#[test]
fn a_body_of_one_mebibyte_is_the_longest() {
    for (length, is_too_long) in [(1_048_576, false), (1_048_577, true)] {
        let body = vec![b' '; length];
        let headers = webhook::sign("api_v2", &body, "invented-secret", &SignOptions::default()).expect("signed");
        let verdict = webhook::verify_signature("api_v2", &body, &headers, "invented-secret");
        assert_eq!(verdict.err().and_then(|error| error.code().map(str::to_owned)).is_some(), is_too_long);
    }
}

#[test]
fn a_hundred_thousand_events_are_remembered() {
    let seen = MemoryDeduplicator::new();
    for number in 0..=100_000 {
        seen.commit(&format!("evt_{number}")).expect("an id");
    }
    assert_eq!(seen.begin("evt_1").expect("an id"), Begun::Done);
    assert_eq!(seen.begin("evt_0").expect("an id"), Begun::New);
    assert!(MemoryDeduplicator::with_capacity(0).is_err());
}

#[test]
fn memory_is_bounded() {
    let seen = MemoryDeduplicator::with_capacity(100).expect("not 0");
    for number in 0..10_000 {
        let id = format!("evt_{number}");
        assert_eq!(seen.begin(&id).expect("an id"), Begun::New);
        match number % 3 {
            0 => seen.commit(&id).expect("an id"),
            1 => seen.release(&id).expect("an id"),
            _ => {}
        }
    }
    assert!(format!("{seen:?}").contains("events: 100"), "{seen:?}");
}
