//! Sessions in a store of the caller's own: saved before they are used, shared with
//! siblings, and never anybody else's.

#![allow(clippy::expect_used, clippy::panic)]

mod accounts;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accounts::{by_oauth, by_password, count, sandbox, until};
use futures_util::future::BoxFuture;
use linktor::{
    Client, Credentials, ErrorKind, Event, MemoryStore, OAuth, Observer, Provider, Secret, StoreLock, StoreResult,
    TokenStore,
};
use linktor_sandbox::fixtures;
use serde_json::json;
use tokio::sync::Semaphore;

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
            Event::SessionRenewing { .. } => "renewing",
            Event::SessionRenewed { .. } => "renewed",
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
    let renewed = ["renewing", "renewed"];
    let expected = [&["unlocked"], &renewed[..], &["unsaved", "unsaved"], &renewed, &["unsaved"]].concat();
    assert_eq!(*heard.0.lock().expect("not poisoned"), expected);
}

#[tokio::test]
async fn a_store_that_does_not_answer_in_time_has_failed() {
    let sandbox = sandbox().await;
    let store = Slow { inner: MemoryStore::new(), permits: Arc::new(Semaphore::new(0)) };
    let heard = Heard::default();
    let builder = by_password(&sandbox).token_store(store).observer(heard.clone());
    let client = builder.timeout(Duration::from_millis(500)).build().expect("a valid client");
    client.get("/me").send().await.expect("a success");
    assert_eq!(*heard.0.lock().expect("not poisoned"), ["unlocked", "renewing", "renewed", "unsaved"]);
    let error = client.auth().refresh().await.expect_err("it cannot be saved");
    assert_eq!(error.kind(), ErrorKind::TokenStore);
    assert!(error.message().contains("did not answer within 0.5 s"), "{error}");
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

/// A store that does what it is told wrong.
#[derive(Clone, Default)]
struct Faulty {
    inner: MemoryStore,
    /// Whether saves report a failure, and whether they write all the same.
    fails: Arc<AtomicBool>,
    writes: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
}

impl TokenStore for Faulty {
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        self.inner.load(key)
    }

    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>> {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "invented panic");
        let (fails, writes) = (self.fails.load(Ordering::Relaxed), self.writes.load(Ordering::Relaxed));
        let saving = self.inner.save(key, record);
        Box::pin(async move {
            match (fails, writes) {
                (false, _) => saving.await,
                (true, true) => saving.await.and(Err("no answer in time".into())),
                (true, false) => Err("the disk is full".into()),
            }
        })
    }
}

#[tokio::test]
async fn a_record_from_before_a_login_that_was_not_saved_is_not_adopted() {
    let sandbox = sandbox().await;
    let store = Faulty::default();
    let client = || by_password(&sandbox).token_store(store.clone()).build().expect("a valid client");
    client().auth().login().await.expect("a session");
    store.fails.store(true, Ordering::Relaxed);
    let other = client();
    other.auth().login().await.expect_err("it cannot be saved");
    sandbox.control("expire", json!({"family": "linktor"})).expect("it expires");
    other.get("/me").send().await.expect("a success");
    assert_eq!(count(&sandbox, "/auth/refresh", 200), 1, "by its own refresh token");
}

#[tokio::test]
async fn a_save_that_came_through_though_it_failed_is_not_a_siblings() {
    let sandbox = sandbox().await;
    let store = Faulty::default();
    store.fails.store(true, Ordering::Relaxed);
    store.writes.store(true, Ordering::Relaxed);
    let client = by_oauth(&sandbox).token_store(store.clone()).build().expect("a valid client");
    client.get("/auth/test").send().await.expect("a success");
    sandbox.control("expire", json!({"family": "api_v2"})).expect("it expires");
    client.get("/auth/test").send().await.expect("a renewal");
    assert_eq!(count(&sandbox, "/oauth/token", 200), 2);
}

#[tokio::test]
async fn a_panic_of_the_store_loses_no_refresh_token() {
    let sandbox = sandbox().await;
    let store = Faulty::default();
    let client = by_oauth(&sandbox).token_store(store.clone()).build().expect("a valid client");
    store.panics.store(true, Ordering::Relaxed);
    client.get("/auth/test").send().await.expect("calls go on from memory");
    sandbox.control("expire", json!({"family": "api_v2"})).expect("it expires");
    client.get("/auth/test").send().await.expect("the session goes on");
}

#[tokio::test]
async fn the_organization_of_an_expired_record_stays_the_sessions() {
    let sandbox = sandbox().await;
    let store = MemoryStore::new();
    let client = || {
        Client::builder()
            .provider(Provider::linkit())
            .credentials(Credentials::password(fixtures::LINKIT_EMAIL, fixtures::LINKIT_PASSWORD))
            .base_url(sandbox.base_url("linkit"))
            .token_store(store.clone())
            .build()
            .expect("a valid client")
    };
    let login = |organization: &str, token: &str, expires_at: &str| {
        linktor_sandbox::Answer::status(200)
            .json(json!({"token": token, "expires_at": expires_at, "user": {"organization_id": organization}}))
            .on("POST", "/api/v1/auth/login")
    };
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(300);
    sandbox.script(vec![
        login("org_1", "token-1", &soon.to_string()),
        login("org_2", fixtures::LINKIT_ACCESS_TOKEN, "2999-01-01T00:00:00Z"),
    ]);
    client().auth().login().await.expect("a session");
    tokio::time::sleep(Duration::from_millis(400)).await;
    let other = client();
    let session = other.auth().refresh().await.expect("a session");
    assert_eq!(session.organization.as_deref(), Some("org_1"));
}

#[tokio::test]
async fn another_password_does_not_get_a_stored_session() {
    let sandbox = sandbox().await;
    let root = by_password(&sandbox).token_store(MemoryStore::new()).build().expect("a valid client");
    root.get("/me").send().await.expect("a success");
    let stranger = root.with_credentials(Credentials::password(fixtures::LINKTOR_EMAIL, "guessed")).expect("a handle");
    assert!(!stranger.auth().test().await.expect("an answer").valid);
    assert_eq!(count(&sandbox, "/auth/login", 401), 1);
}
