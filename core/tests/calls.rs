//! Calls that end early, wait in line, or are watched: against the sandbox.

#![allow(clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use linktor::{Client, ClientBuilder, Error, ErrorKind, Event, Observer, Response, Sent};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use tokio::task::JoinHandle;

async fn sandbox() -> Sandbox {
    Sandbox::start().await.expect("the sandbox starts")
}

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder().api_key(fixtures::LINKTOR_API_KEY).base_url(sandbox.base_url("linktor"))
}

/// A call that the sandbox has seen, as its `count`th request, and does not answer.
async fn in_flight(sandbox: &Sandbox, client: &Client, count: usize) -> JoinHandle<Result<Response, Error>> {
    sandbox.script(vec![Answer::status(200).delay_ms(10_000)]);
    let call = tokio::spawn(client.get("/me").send());
    let waiting = async {
        while sandbox.journal().len() < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("the request arrives");
    call
}

async fn aborted(sandbox: &Sandbox) {
    let waiting = async {
        while !sandbox.journal().iter().all(|entry| entry.aborted) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("the client goes away");
}

#[tokio::test]
async fn a_dropped_call_ends_at_once_and_sends_nothing_more() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    let call = in_flight(&sandbox, &client, 1).await;

    let started = Instant::now();
    call.abort();
    assert!(call.await.expect_err("it was aborted").is_cancelled());
    assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());

    aborted(&sandbox).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(sandbox.journal().len(), 1);
}

#[tokio::test]
async fn closing_ends_calls_in_flight_and_later_ones() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    let call = in_flight(&sandbox, &client, 1).await;

    let started = Instant::now();
    client.clone().close();
    let error = call.await.expect("no panic").expect_err("it was closed");
    assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Closed, Sent::Maybe, 1));

    let error = client.get("/me").send().await.expect_err("it is closed");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Closed, Sent::No, 0));
    assert_eq!(sandbox.journal().len(), 1);
}

#[tokio::test]
async fn attempts_beyond_the_connections_queue_and_a_deadline_ends_the_wait() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).max_connections(1).build().expect("a valid client");
    let first = in_flight(&sandbox, &client, 1).await;

    let error = client.get("/me").deadline(Duration::from_millis(100)).send().await.expect_err("its turn never comes");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::No, 0));
    assert_eq!(sandbox.journal().len(), 1);

    first.abort();
    let response = client.get("/me").send().await.expect("the connection is free");
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_while_it_is_read() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    let chunk = "0".repeat(1024 * 1024);
    sandbox.script(vec![Answer::status(200).body(&chunk).repeat(65)]);
    let error = client.get("/me").send().await.expect_err("it is too large");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Protocol, Some("body_too_large")));
}

#[tokio::test]
async fn a_client_of_a_machine_without_proxy_reaches_loopback_whatever_proxy_is_given() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).proxy("http://127.0.0.1:1").build().expect("a valid client");
    assert_eq!(client.get("/me").send().await.expect("no proxy in between").status(), 200);
}

#[tokio::test]
async fn an_empty_post_says_so() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    sandbox.script(vec![Answer::status(204), Answer::status(204)]);
    client.post("/conversations/c-1/resolve").send().await.expect("a success");
    client.get("/me").send().await.expect("a success");
    let journal = sandbox.journal();
    assert_eq!(journal[0].header("content-length"), Some("0"));
    assert_eq!(journal[1].header("content-length"), None);
}

#[tokio::test]
async fn a_repeated_header_is_sent_repeatedly_in_the_place_of_the_clients() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).header("x-tag", "client").build().expect("a valid client");
    client.get("/me").header("X-Tag", "a").header("x-tag", "b").send().await.expect("a success");
    let journal = sandbox.journal();
    let tags: Vec<_> = journal[0].headers.iter().filter(|(name, _)| name == "x-tag").map(|(_, value)| value).collect();
    assert_eq!(tags, ["a", "b"]);
}

#[tokio::test]
async fn a_url_that_no_server_would_read_is_not_sent() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    let error = client.get("/me").query([("q", "x".repeat(70_000))]).send().await.expect_err("it is too long");
    assert_eq!((error.kind(), error.sent()), (ErrorKind::InvalidRequest, Sent::No));
}

#[tokio::test]
async fn an_error_before_anything_is_sent_names_the_call() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    let error = client.get("/a/../b?secret=query").request_id("id-1").send().await.expect_err("it cannot be sent");
    assert_eq!((error.request_id(), error.path()), (Some("id-1"), Some("/a/../b")));
}

struct Panics;

impl Observer for Panics {
    fn event(&self, _: &Event<'_>) {
        panic!("invented panic");
    }
}

#[tokio::test]
async fn an_observer_that_panics_harms_nobody() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).observer(Panics).build().expect("a valid client");
    assert_eq!(client.get("/me").send().await.expect("a success").status(), 200);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Observer for Log {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::CallStarted { call } => format!("call {} {} {}", call.provider, call.method, call.path),
            Event::AttemptStarted { attempt, .. } => format!("attempt {attempt}"),
            Event::AttemptEnded { attempt, outcome, .. } => format!("attempt {attempt} {:?}", outcome.status),
            Event::CallEnded { outcome, attempts, .. } => {
                format!("end {:?} {:?} after {attempts}", outcome.status, outcome.error)
            }
            other => format!("{other:?}"),
        };
        self.0.lock().expect("not poisoned").push(line);
    }
}

#[tokio::test]
async fn the_observer_sees_every_call_and_how_it_ended() {
    let sandbox = sandbox().await;
    let log = Log::default();
    let client = builder(&sandbox).observer(log.clone()).build().expect("a valid client");
    client.get("/me").query([("secret", "query")]).send().await.expect("a success");
    client.get("/missing").send().await.expect_err("no such route");
    let call = in_flight(&sandbox, &client, 3).await;
    call.abort();
    drop(call.await);

    let lines = std::mem::take(&mut *log.0.lock().expect("not poisoned"));
    let start = "call linktor GET /linktor/api/v1";
    let expected = [
        format!("{start}/me"),
        "attempt 1".to_owned(),
        "attempt 1 Some(200)".to_owned(),
        "end Some(200) None after 1".to_owned(),
        format!("{start}/missing"),
        "attempt 1".to_owned(),
        "attempt 1 Some(404)".to_owned(),
        "end Some(404) Some(NotFound) after 1".to_owned(),
        format!("{start}/me"),
        "attempt 1".to_owned(),
        "attempt 1 None".to_owned(),
        "end None Some(Cancelled) after 1".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn many_calls_leave_memory_flat() {
    fn resident_kib() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
        let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line");
        line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number")
    }
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().expect("a valid client");
    let calls: usize = std::env::var("LINKTOR_SOAK_CALLS").map_or(10_000, |count| count.parse().expect("a number"));
    let mut warm = 0;
    for round in 0..calls / 100 {
        let calls: Vec<_> = (0..100).map(|_| tokio::spawn(client.get("/me").send())).collect();
        for call in calls {
            assert_eq!(call.await.expect("no panic").expect("a success").status(), 200);
        }
        sandbox.reset();
        if round == 20 {
            warm = resident_kib();
        }
    }
    let grown = resident_kib().saturating_sub(warm);
    assert!(grown < 10 * 1024, "{grown} KiB more after {calls} calls");
}
