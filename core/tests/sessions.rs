//! Many callers and one session, against the sandbox: one renewal serves all, whatever
//! happens to those who wait for it.

#![allow(clippy::expect_used, clippy::panic)]

mod accounts;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use accounts::{by_oauth, by_password, count, sandbox, until};
use futures_util::future::BoxFuture;
use linktor::{
    Client, Clock, Credentials, Error, ErrorKind, HeaderMap, Jwt, OAuth, Provider, Response, Transport, TransportError,
    TransportFailure, TransportRequest, TransportResponse,
};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use serde_json::json;
use tokio::task::JoinHandle;

const MANY: usize = 1000;

/// The machine's clocks, moved on by hand.
#[derive(Clone, Default)]
struct Moved(Arc<AtomicU64>);

impl Moved {
    fn on(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn by(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

impl Clock for Moved {
    fn monotonic(&self) -> Instant {
        Instant::now() + self.by()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now() + self.by()
    }
}

/// A client that has a token, which the server refuses from now on.
async fn refused(sandbox: &Sandbox) -> Client {
    let client = by_oauth(sandbox).build().expect("a valid client");
    client.auth().refresh().await.expect("a session");
    sandbox.control("expire", json!({"family": "api_v2"})).expect("it expires");
    client
}

/// Calls that are all under way before the first of them is answered.
fn many(client: &Client, calls: usize) -> Vec<JoinHandle<Result<Response, Error>>> {
    (0..calls).map(|_| tokio::spawn(client.get("/auth/test").send())).collect()
}

async fn all_succeed(calls: Vec<JoinHandle<Result<Response, Error>>>) {
    for call in calls {
        call.await.expect("no panic").expect("a success");
    }
}

#[tokio::test]
async fn a_thousand_refused_at_once_make_one_exchange() {
    let sandbox = sandbox().await;
    let client = refused(&sandbox).await;
    all_succeed(many(&client, MANY)).await;
    assert_eq!(count(&sandbox, "/auth/test", 401), MANY, "all were refused");
    assert_eq!(count(&sandbox, "/auth/test", 200), MANY);
    assert_eq!(count(&sandbox, "/oauth/token", 200), 2, "one for the session, one for all of them");
}

#[tokio::test]
async fn they_do_when_the_first_waiter_is_cancelled() {
    let sandbox = sandbox().await;
    let client = refused(&sandbox).await;
    sandbox.script(vec![Answer::pass().delay_ms(100).on("POST", "/oauth/token")]);
    let first = tokio::spawn(client.get("/auth/test").send());
    let journal = || sandbox.journal().iter().filter(|entry| entry.path == "/oauth/token").count();
    until("the exchange is under way", || journal() == 2).await;
    first.abort();
    all_succeed(many(&client, MANY)).await;
    assert_eq!(count(&sandbox, "/oauth/token", 200), 2);
}

#[tokio::test]
async fn they_do_when_the_token_endpoint_is_away_for_a_moment() {
    let sandbox = sandbox().await;
    let client = refused(&sandbox).await;
    sandbox.script(vec![Answer::status(503).on("POST", "/oauth/token")]);
    all_succeed(many(&client, MANY)).await;
    assert_eq!((count(&sandbox, "/oauth/token", 503), count(&sandbox, "/oauth/token", 200)), (1, 2));
}

#[tokio::test]
async fn a_session_that_ends_is_one_token_call_and_a_thousand_equal_errors() {
    let sandbox = sandbox().await;
    let client = refused(&sandbox).await;
    sandbox.control("revoke", json!({"family": "api_v2"})).expect("it is revoked");
    for call in many(&client, MANY) {
        let error = call.await.expect("no panic").expect_err("the session has ended");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Authentication, Some("session_expired")));
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    client.get("/auth/test").send().await.expect_err("the session has ended for good");
    assert_eq!(count(&sandbox, "/oauth/token", 400), 1);
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_by_one_while_the_others_use_it() {
    let sandbox = sandbox().await;
    let clock = Moved::default();
    let client = by_password(&sandbox).clock(clock.clone()).build().expect("a valid client");
    client.auth().login().await.expect("a session");
    clock.on(850);
    sandbox.script(vec![Answer::pass().delay_ms(300).on("POST", "/api/v1/auth/refresh")]);
    let one = tokio::spawn(client.get("/me").send());
    let refreshes = || sandbox.journal().iter().filter(|entry| entry.path.ends_with("/auth/refresh")).count();
    until("the renewal is under way", || refreshes() == 1).await;
    let started = Instant::now();
    client.get("/me").send().await.expect("the old token is good");
    assert!(started.elapsed() < Duration::from_millis(250), "it did not wait: {:?}", started.elapsed());
    one.await.expect("no panic").expect("a success");
    client.get("/me").send().await.expect("a success");
    assert_eq!(refreshes(), 1);
    let order: Vec<_> = sandbox.journal().iter().map(|entry| entry.path.clone()).collect();
    assert_eq!(order[1..3], ["/api/v1/auth/refresh", "/api/v1/me"]);
}

#[tokio::test]
async fn a_renewal_ahead_that_fails_fails_no_request() {
    let sandbox = sandbox().await;
    let clock = Moved::default();
    let client = by_password(&sandbox).clock(clock.clone()).build().expect("a valid client");
    client.auth().login().await.expect("a session");
    clock.on(850);
    // Nothing comes of it before the caller's patience is over, nor of its retries.
    sandbox.script((0..4).map(|_| Answer::status(500).on("POST", "/api/v1/auth/refresh")).collect());
    let refreshes = || count(&sandbox, "/auth/refresh", 500);
    client.get("/me").send().await.expect("the old token is good");
    until("the renewal has failed", || refreshes() == 4).await;
    client.get("/me").send().await.expect("the old token is good");
    client.get("/me").deadline(Duration::from_secs(1)).send().await.expect("the old token is good");
    assert_eq!(count(&sandbox, "/auth/refresh", 200), 0, "the next try waits");
    clock.on(6);
    client.get("/me").send().await.expect("a success");
    assert_eq!((refreshes(), count(&sandbox, "/auth/refresh", 200)), (4, 1));
}

#[tokio::test]
async fn a_renewal_ahead_that_hangs_fails_no_request() {
    let sandbox = sandbox().await;
    let clock = Moved::default();
    let client = by_password(&sandbox).clock(clock.clone()).build().expect("a valid client");
    client.auth().login().await.expect("a session");
    clock.on(850);
    sandbox.script(vec![Answer::pass().delay_ms(20_000).on("POST", "/api/v1/auth/refresh")]);
    let started = Instant::now();
    client.get("/me").deadline(Duration::from_millis(500)).send().await.expect("the old token is good");
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn a_renewal_that_began_before_invalidate_does_not_fill_the_session() {
    let sandbox = sandbox().await;
    let client = refused(&sandbox).await;
    sandbox.script(vec![Answer::pass().delay_ms(200).on("POST", "/oauth/token")]);
    let waiting = tokio::spawn(client.get("/auth/test").send());
    let exchanges = || sandbox.journal().iter().filter(|entry| entry.path == "/oauth/token").count();
    until("the exchange is under way", || exchanges() == 2).await;
    client.auth().invalidate();
    // It waits for the one before it: under strict rotation two at once would end the session.
    client.get("/auth/test").send().await.expect("a success");
    waiting.await.expect("no panic").expect("a success");
    assert_eq!(count(&sandbox, "/oauth/token", 200), 3);
    client.get("/auth/test").send().await.expect("a success");
    assert_eq!(exchanges(), 3);
}

#[tokio::test]
async fn the_session_is_known_after_the_login() {
    let sandbox = sandbox().await;
    let client = by_password(&sandbox).build().expect("a valid client");
    assert!(client.auth().session().is_none());
    client.get("/me").send().await.expect("a success");
    let session = client.auth().session().expect("a session");
    assert_eq!(session.user.expect("a user")["email"], fixtures::LINKTOR_EMAIL);
    let left = session.expires_in.expect("it is known").as_secs();
    assert!((890..=900).contains(&left), "{left}");
}

#[tokio::test]
async fn closing_a_handle_does_nothing_and_closing_the_root_closes_all() {
    let sandbox = sandbox().await;
    let root = by_password(&sandbox).build().expect("a valid client");
    let organization = root.with_organization("org_1").expect("a valid handle");
    let user = root.with_credentials(Credentials::api_key(fixtures::LINKTOR_API_KEY)).expect("a valid handle");
    organization.close();
    user.close();
    for client in [&root, &organization, &user] {
        client.get("/me").send().await.expect("a success");
    }
    assert_eq!(count(&sandbox, "/auth/login", 200), 1, "a handle for an organization has the session");
    root.close();
    for client in [&root, &organization, &user] {
        assert_eq!(client.get("/me").send().await.expect_err("closed").kind(), ErrorKind::Closed);
    }
    assert_eq!(root.auth().refresh().await.expect_err("closed").kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_minted_token_is_minted_once_per_life_in_the_servers_time() {
    let sandbox = sandbox().await;
    sandbox.control("clock", json!({"advance": 7200})).expect("the server's clock is ahead");
    let clock = Moved::default();
    let client = Client::builder()
        .provider(Provider::api_v2())
        .credentials(Jwt::new(fixtures::API_V2_JWT_SECRET, "user-1").claim("scopes", json!(["read:users"])))
        .base_url(sandbox.base_url("api_v2"))
        .auth_url(format!("{}/api_v2", sandbox.url()))
        .clock(clock.clone())
        .build()
        .expect("a valid client");
    // The first is minted by the machine's own clock, which the server calls expired.
    for _ in 0..3 {
        assert_eq!(client.get("/users").send().await.expect("a success").status(), 200);
    }
    let tokens = || {
        let mut tokens: Vec<_> = sandbox
            .journal()
            .iter()
            .map(|entry| entry.header("authorization").expect("it is signed").to_owned())
            .collect();
        tokens.dedup();
        tokens.len()
    };
    assert_eq!(tokens(), 2);
    clock.on(3590);
    sandbox.control("clock", json!({"advance": 3590})).expect("time passes");
    client.get("/users").send().await.expect("a success");
    assert_eq!(tokens(), 3);
}

/// Linktor's password login, but for an API that has no refresh endpoint.
#[tokio::test]
async fn a_refresh_token_without_an_endpoint_for_it_is_of_no_use() {
    let sandbox = sandbox().await;
    let mut provider = Provider::linktor();
    provider.auth.refresh = None;
    let client = by_password(&sandbox).provider(provider).build().expect("a valid client");
    client.get("/me").send().await.expect("a success");
    sandbox.control("expire", json!({"family": "linktor"})).expect("it expires");
    client.get("/me").send().await.expect("it logs in again");
    assert_eq!(count(&sandbox, "/auth/login", 200), 2);
}

#[tokio::test]
async fn an_exchange_that_fails_fails_no_other_call() {
    let sandbox = sandbox().await;
    let client = refused(&sandbox).await;
    let request = client.auth().authorize_url(&[], fixtures::API_V2_REDIRECT_URI).expect("a URL");
    sandbox.script(vec![Answer::status(400).json(json!({"error": {"code": "invalid_grant"}})).delay_ms(200)]);
    let (auth, callback) = (client.clone(), format!("/?code=invented&state={}", request.state));
    let exchange = tokio::spawn(async move { auth.auth().exchange_code(&callback, &request).await });
    let exchanges = || sandbox.journal().iter().filter(|entry| entry.path == "/oauth/token").count();
    until("the exchange is under way", || exchanges() == 2).await;
    client.get("/auth/test").send().await.expect("a renewal after it");
    assert_eq!(exchange.await.expect("no panic").expect_err("it is refused").status(), Some(400));
    client.get("/auth/test").send().await.expect("a success");
    assert_eq!(exchanges(), 3);
}

/// Redirects once, and is gone then.
#[derive(Clone, Default)]
struct Gone(Arc<AtomicU64>);

impl Transport for Gone {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let is_first = self.0.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert("location", format!("{}/elsewhere", request.url).parse().expect("a header value"));
            if is_first {
                return Ok(TransportResponse::new(307, headers, ""));
            }
            Err(TransportError::new(TransportFailure::Connect, "refused"))
        })
    }
}

#[tokio::test]
async fn a_code_is_never_sent_twice_behind_a_redirect_either() {
    let gone = Gone::default();
    let client = Client::builder()
        .provider(Provider::api_v2())
        .credentials(OAuth::new("invented-id", "invented-secret"))
        .transport(gone.clone())
        .build()
        .expect("a valid client");
    let request = client.auth().authorize_url(&[], "https://app.example.com/callback").expect("a URL");
    let callback = format!("/?code=invented&state={}", request.state);
    let error = client.auth().exchange_code(&callback, &request).await.expect_err("nobody answers");
    assert_eq!((error.kind(), gone.0.load(Ordering::Relaxed)), (ErrorKind::Connection, 2));
}

#[tokio::test]
async fn a_renewal_that_waits_for_the_one_before_it_is_not_given_up() {
    let sandbox = sandbox().await;
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let client = Client::builder()
        .credentials(Credentials::source(move || {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(Duration::from_millis(900)).await;
                Ok::<_, Error>(fixtures::LINKTOR_ACCESS_TOKEN)
            }
        }))
        .base_url(sandbox.base_url("linktor"))
        .timeout(Duration::from_secs(1))
        .build()
        .expect("a valid client");
    let first = tokio::spawn(client.get("/me").send());
    until("the source is asked", || asked.load(Ordering::Relaxed) == 1).await;
    client.auth().invalidate();
    client.get("/me").send().await.expect("a success");
    first.await.expect("no panic").expect("a success");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn any_timeout_is_one() {
    let sandbox = sandbox().await;
    for builder in [by_password(&sandbox), by_oauth(&sandbox)] {
        let client = builder.timeout(Duration::MAX).build().expect("a valid client");
        client.auth().refresh().await.expect("a session");
    }
}

#[tokio::test]
async fn a_request_for_consent_without_state_or_verifier_is_refused() {
    let sandbox = sandbox().await;
    let client = by_oauth(&sandbox).build().expect("a valid client");
    for field in ["state", "verifier"] {
        let request = client.auth().authorize_url(&[], fixtures::API_V2_REDIRECT_URI).expect("a URL");
        let mut written = json!(request);
        written[field] = json!("");
        let request = serde_json::from_value(written).expect("it is whole");
        let error = client.auth().exchange_code("/?code=c&state=", &request).await.expect_err("it is no request");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
    assert!(sandbox.journal().is_empty());
}
