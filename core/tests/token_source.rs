//! The caller's own token source: one renewal serves all, and whatever it does wrong is
//! an error of the calls that waited, never a hang.

#![allow(clippy::expect_used, clippy::panic)]

use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use linktor::{Client, Credentials, Error, ErrorKind, Sent, Token, TokenSource};
use linktor_sandbox::{Answer, Sandbox, fixtures};

async fn sandbox() -> Sandbox {
    Sandbox::start().await.expect("the sandbox starts")
}

fn client(sandbox: &Sandbox, source: impl TokenSource) -> Client {
    Client::builder()
        .credentials(Credentials::source(source))
        .base_url(sandbox.base_url("linktor"))
        .build()
        .expect("a valid client")
}

#[tokio::test]
async fn many_callers_share_one_renewal_even_if_the_first_gives_up() {
    let sandbox = sandbox().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let client = client(&sandbox, move || {
        count.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<_, Error>(fixtures::LINKTOR_ACCESS_TOKEN)
        }
    });
    let first = tokio::spawn(client.get("/me").send());
    while asked.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    first.abort();
    let calls: Vec<_> = (0..200).map(|_| tokio::spawn(client.get("/me").send())).collect();
    for call in calls {
        call.await.expect("no panic").expect("a success");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn many_refused_at_once_renew_once() {
    let sandbox = sandbox().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let client = client(&sandbox, move || {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        let token = if is_first { fixtures::LINKTOR_EXPIRED_TOKEN } else { fixtures::LINKTOR_ACCESS_TOKEN };
        async move { Ok::<_, Error>(token) }
    });
    let calls: Vec<_> = (0..200).map(|_| tokio::spawn(client.get("/me").send())).collect();
    for call in calls {
        call.await.expect("no panic").expect("a success");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let sandbox = sandbox().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let client = client(&sandbox, move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, Error>(Token::new(fixtures::LINKTOR_ACCESS_TOKEN).expires_in(Duration::from_millis(50))) }
    });
    client.get("/me").send().await.expect("a success");
    client.get("/me").send().await.expect("a success");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    tokio::time::sleep(Duration::from_millis(60)).await;
    client.get("/me").send().await.expect("a success");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn its_error_is_the_cause() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, || async { Err::<Token, _>(std::io::Error::other("the vault is sealed")) });
    let error = client.get("/me").send().await.expect_err("no token");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Callback, Sent::No, 0));
    assert_eq!(error.source().expect("a cause").to_string(), "the vault is sealed");
    assert!(sandbox.journal().is_empty());
}

#[tokio::test]
async fn its_panic_is_an_error_and_the_next_call_asks_again() {
    let sandbox = sandbox().await;
    let asked = AtomicUsize::new(0);
    let client = client(&sandbox, move || {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            assert!(!is_first, "invented panic");
            Ok::<_, Error>(fixtures::LINKTOR_ACCESS_TOKEN)
        }
    });
    let error = client.get("/me").send().await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Callback);
    let shared = client.get("/me").send().await.expect_err("within a second the failure is everybody's");
    assert_eq!(shared.kind(), ErrorKind::Callback);
    tokio::time::sleep(Duration::from_millis(1050)).await;
    client.get("/me").send().await.expect("a success");
}

#[tokio::test]
async fn a_deadline_ends_the_wait_for_one_that_hangs() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, std::future::pending::<Result<Token, Error>>);
    let started = Instant::now();
    let error = client.get("/me").deadline(Duration::from_millis(100)).send().await.expect_err("no token");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::No, 0));
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_clients_timeout_ends_one_that_hangs() {
    let sandbox = sandbox().await;
    let client = Client::builder()
        .credentials(Credentials::source(std::future::pending::<Result<Token, Error>>))
        .base_url(sandbox.base_url("linktor"))
        .timeout(Duration::from_millis(100))
        .build()
        .expect("a valid client");
    let error = client.get("/me").send().await.expect_err("no token");
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No));
}

#[tokio::test]
async fn one_that_calls_its_own_client_is_refused() {
    let sandbox = sandbox().await;
    let own: Arc<OnceLock<Client>> = Arc::default();
    let seen = Arc::clone(&own);
    let client = client(&sandbox, move || {
        let own = seen.get().expect("the client is set").clone();
        async move { own.get("/me").send().await.map(|_| Token::new("never")) }
    });
    own.set(client.clone()).expect("set once");
    let error = client.get("/me").send().await.expect_err("it would wait for itself");
    assert_eq!(error.kind(), ErrorKind::Callback);
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Error>()).expect("the inner error");
    assert_eq!((cause.kind(), cause.code()), (ErrorKind::Config, Some("recursive_token_source")));
    assert!(sandbox.journal().is_empty());
}

#[tokio::test]
async fn two_clients_whose_sources_call_each_other_are_refused() {
    let sandbox = sandbox().await;
    let second: Arc<OnceLock<Client>> = Arc::default();
    let seen = Arc::clone(&second);
    let first = client(&sandbox, move || {
        let other = seen.get().expect("the client is set").clone();
        async move { other.get("/me").send().await.map(|_| Token::new("never")) }
    });
    let back = first.clone();
    let other = client(&sandbox, move || {
        let back = back.clone();
        async move { back.get("/me").send().await.map(|_| Token::new("never")) }
    });
    second.set(other).expect("set once");
    let call = tokio::time::timeout(Duration::from_secs(5), first.get("/me").send());
    let error = call.await.expect("no deadlock").expect_err("it would wait for itself");
    assert_eq!(error.kind(), ErrorKind::Callback);
}

#[tokio::test]
async fn a_deadline_during_a_renewal_after_a_401_keeps_the_servers_error() {
    let sandbox = sandbox().await;
    let asked = AtomicUsize::new(0);
    let client = client(&sandbox, move || {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if !is_first {
                std::future::pending::<()>().await;
            }
            Ok::<_, Error>(fixtures::LINKTOR_EXPIRED_TOKEN)
        }
    });
    sandbox.script(vec![Answer::pass()]);
    let error = client.get("/me").deadline(Duration::from_millis(200)).send().await.expect_err("no second token");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Error>()).expect("the server's error");
    assert_eq!(cause.code(), Some("TOKEN_INVALID"));
}

#[test]
fn a_renewal_whose_runtime_ended_does_not_spoil_the_next() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let sandbox = server.block_on(sandbox());
    let asked = AtomicUsize::new(0);
    let client = client(&sandbox, move || {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if is_first {
                std::future::pending::<()>().await;
            }
            Ok::<_, Error>(fixtures::LINKTOR_ACCESS_TOKEN)
        }
    });
    let given_up = runtime().block_on(client.get("/me").deadline(Duration::from_millis(50)).send());
    assert_eq!(given_up.expect_err("no token").kind(), ErrorKind::Timeout);
    let response = runtime().block_on(client.get("/me").send()).expect("a renewal of its own");
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_replay_that_cannot_connect_remembers_that_the_server_was_reached() {
    let sandbox = sandbox().await;
    let asked = AtomicUsize::new(0);
    let stopped: Arc<std::sync::Mutex<Option<Sandbox>>> = Arc::default();
    let stop = Arc::clone(&stopped);
    let client = client(&sandbox, move || {
        if asked.fetch_add(1, Ordering::Relaxed) == 1 {
            drop(stop.lock().expect("not poisoned").take());
        }
        async { Ok::<_, Error>(fixtures::LINKTOR_EXPIRED_TOKEN) }
    });
    *stopped.lock().expect("not poisoned") = Some(sandbox);
    let error = client.post("/contacts").max_retries(1).send().await.expect_err("nobody listens any more");
    assert_eq!((error.attempts(), error.sent()), (2, Sent::Yes), "{error:?}");
}
