//! Many callers and one session, against the sandbox: one renewal serves all, whatever
//! happens to those who wait for it.

#![allow(clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::BoxFuture;
use linktor::{
    Client, ClientBuilder, Clock, Credentials, Error, ErrorKind, Event, Jwt, MemoryStore, OAuth, Observer, Provider,
    Response, Secret, StoreLock, StoreResult, TokenStore,
};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use serde_json::json;
use tokio::sync::Semaphore;
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

async fn sandbox() -> Sandbox {
    Sandbox::start().await.expect("the sandbox starts")
}

fn by_password(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder()
        .credentials(Credentials::password(fixtures::LINKTOR_EMAIL, fixtures::LINKTOR_PASSWORD))
        .base_url(sandbox.base_url("linktor"))
}

/// Rotates strictly: a refresh token that is used twice ends the session.
fn by_oauth(sandbox: &Sandbox) -> ClientBuilder {
    let oauth = OAuth::new(fixtures::API_V2_CLIENT_ID, fixtures::API_V2_CLIENT_SECRET)
        .refresh_token(fixtures::API_V2_REFRESH_TOKEN);
    Client::builder()
        .provider(Provider::api_v2())
        .credentials(oauth)
        .base_url(sandbox.base_url("api_v2"))
        .auth_url(format!("{}/api_v2", sandbox.url()))
}

fn count(sandbox: &Sandbox, path: &str, status: u16) -> usize {
    sandbox.journal().iter().filter(|entry| entry.path.ends_with(path) && entry.status == Some(status)).count()
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

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
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

/// A store whose every save waits for a permit.
#[derive(Clone)]
struct Slow {
    inner: MemoryStore,
    permits: Arc<Semaphore>,
}

impl TokenStore for Slow {
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        self.inner.load(key)
    }

    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>> {
        let key = key.to_owned();
        Box::pin(async move {
            self.permits.acquire().await?.forget();
            self.inner.save(&key, record).await
        })
    }
}

#[tokio::test]
async fn a_token_is_saved_before_it_is_used() {
    let sandbox = sandbox().await;
    let store = Slow { inner: MemoryStore::new(), permits: Arc::new(Semaphore::new(0)) };
    let client = by_password(&sandbox).token_store(store.clone()).build().expect("a valid client");
    let call = tokio::spawn(client.get("/me").send());
    until("the login is answered", || count(&sandbox, "/auth/login", 200) == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(sandbox.journal().len(), 1, "the token waits for the store");
    store.permits.add_permits(1);
    call.await.expect("no panic").expect("a success");
    assert_eq!(sandbox.journal().len(), 2);
}

/// A store that saves nothing, and an observer of what it is told.
#[derive(Clone, Default)]
struct Full;

impl TokenStore for Full {
    fn load(&self, _: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        Box::pin(async { Ok(None) })
    }

    fn save(&self, _: &str, _: Secret) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async { Err("the disk is full".into()) })
    }

    fn lock(&self, _: &str) -> BoxFuture<'_, StoreResult<StoreLock>> {
        Box::pin(async { Ok(StoreLock::unsupported()) })
    }
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<&'static str>>>);

impl Observer for Heard {
    fn event(&self, event: &Event<'_>) {
        let what = match event {
            Event::TokensUnsaved { .. } => "unsaved",
            Event::TokenStoreUnlocked { .. } => "unlocked",
            _ => return,
        };
        self.0.lock().expect("not poisoned").push(what);
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_saved_are_used_and_every_call_says_so() {
    let sandbox = sandbox().await;
    let heard = Heard::default();
    let client = by_password(&sandbox).token_store(Full).observer(heard.clone()).build().expect("a valid client");
    client.get("/me").send().await.expect("a success");
    client.get("/me").send().await.expect("a success");
    let error = client.auth().refresh().await.expect_err("it cannot be saved");
    assert_eq!(error.kind(), ErrorKind::TokenStore);
    assert!(error.message().contains("the disk is full"), "{error}");
    client.get("/me").send().await.expect("a success");
    assert_eq!(*heard.0.lock().expect("not poisoned"), ["unlocked", "unsaved", "unsaved", "unsaved"]);
}

#[tokio::test]
async fn a_siblings_newer_tokens_are_adopted() {
    let sandbox = sandbox().await;
    let store = MemoryStore::new();
    let client = || by_oauth(&sandbox).token_store(store.clone()).build().expect("a valid client");
    let (one, other) = (client(), client());
    one.get("/auth/test").send().await.expect("a success");
    other.get("/auth/test").send().await.expect("a success");
    assert_eq!(count(&sandbox, "/oauth/token", 200), 1);
    sandbox.control("expire", json!({"family": "api_v2"})).expect("it expires");
    let (first, second) = tokio::join!(one.get("/auth/test").send(), other.get("/auth/test").send());
    first.expect("a success");
    second.expect("a success");
    assert_eq!(count(&sandbox, "/oauth/token", 200), 2);
}

#[tokio::test]
async fn users_of_one_oauth_client_never_share_tokens_in_a_store() {
    let sandbox = sandbox().await;
    let store = MemoryStore::new();
    let root = by_oauth(&sandbox).token_store(store.clone()).build().expect("a valid client");
    root.get("/auth/test").send().await.expect("a success");
    let stranger = OAuth::new(fixtures::API_V2_CLIENT_ID, fixtures::API_V2_CLIENT_SECRET).refresh_token("another");
    let handle = root.with_credentials(stranger).expect("a valid handle");
    let error = handle.get("/auth/test").send().await.expect_err("its own token is unknown");
    assert_eq!(error.code(), Some("session_expired"));
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
