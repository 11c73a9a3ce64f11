//! The OAuth authorization code flow with PKCE: a user agrees in a browser, comes back to
//! a local address, and the client is theirs from there on.

use std::error::Error;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use linktor::{AuthorizationRequest, Client, OAuth, Provider};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let client = Client::builder()
        .provider(Provider::api_v2())
        .credentials(OAuth::new(fixtures::API_V2_CLIENT_ID, fixtures::API_V2_CLIENT_SECRET))
        .base_url(sandbox.base_url("api_v2"))
        .auth_url(format!("{}/api_v2", sandbox.url()))
        .build()?;

    // Where the user comes back to: the first callback is the one that counts.
    let (sender, mut callbacks) = mpsc::channel::<String>(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
    let app = Router::new().route("/callback", get(came_back)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, app).await });

    // Another process may take the request up, so it goes into a session as JSON.
    let request = client.auth().authorize_url(&["read:users", "read:projects"], &redirect_uri)?;
    let kept = serde_json::to_string(&request)?;
    println!("send the user to {}", request.url.split('?').next().unwrap_or_default());
    browse(&request.url).await?;

    let callback = callbacks.recv().await.ok_or("nobody came back")?;
    let request: AuthorizationRequest = serde_json::from_str(&kept)?;
    client.auth().exchange_code(&callback, &request).await?;

    let users: Vec<Value> = client.get("/users").send().await?.data()?;
    println!("the user lets us read {} users", users.len());
    match client.post("/users").json(&serde_json::json!({"name": "Ada"})).send().await {
        Ok(_) => println!("and write them"),
        Err(error) => println!("but not write them: {error}"),
    }
    Ok(())
}

async fn came_back(State(callbacks): State<mpsc::Sender<String>>, uri: Uri) -> &'static str {
    // A second callback finds nobody.
    let _ = callbacks.try_send(uri.to_string());
    "You may close this window."
}

/// Stands in for the user's browser: follows redirects until a page comes.
async fn browse(url: &str) -> Result<(), Box<dyn Error>> {
    let mut next = Some(url.to_owned());
    while let Some(url) = next.take() {
        let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("no page")?;
        let mut connection = tokio::net::TcpStream::connect(host).await?;
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        next = answer.lines().find_map(|line| line.strip_prefix("location: ")).map(str::to_owned);
    }
    Ok(())
}
