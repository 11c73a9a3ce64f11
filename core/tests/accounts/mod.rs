//! The sandbox, and clients that log in to it.

use std::time::Duration;

use linktor::{Client, ClientBuilder, Credentials, OAuth, Provider};
use linktor_sandbox::{Sandbox, fixtures};

pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::start().await.expect("the sandbox starts")
}

pub(crate) fn by_password(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder()
        .credentials(Credentials::password(fixtures::LINKTOR_EMAIL, fixtures::LINKTOR_PASSWORD))
        .base_url(sandbox.base_url("linktor"))
}

/// Rotates strictly: a refresh token that is used twice ends the session.
pub(crate) fn by_oauth(sandbox: &Sandbox) -> ClientBuilder {
    let oauth = OAuth::new(fixtures::API_V2_CLIENT_ID, fixtures::API_V2_CLIENT_SECRET)
        .refresh_token(fixtures::API_V2_REFRESH_TOKEN);
    Client::builder()
        .provider(Provider::api_v2())
        .credentials(oauth)
        .base_url(sandbox.base_url("api_v2"))
        .auth_url(format!("{}/api_v2", sandbox.url()))
}

pub(crate) fn count(sandbox: &Sandbox, path: &str, status: u16) -> usize {
    sandbox.journal().iter().filter(|entry| entry.path.ends_with(path) && entry.status == Some(status)).count()
}

pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
