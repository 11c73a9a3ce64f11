//! The main job, against a sandbox of its own: one read and one write in each of the
//! five API families over real HTTP, and what an error looks like.

use std::error::Error;
use std::io::{Write, stdout};

use linktor::{Client, Provider};
use linktor_sandbox::Sandbox;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let ready = sandbox.ready();
    let mut out = stdout().lock();
    writeln!(out, "linktor-sandbox at {}\n", sandbox.url())?;

    let tasks = [
        ("linktor", "/me", "/contacts", json!({"name": "Ada", "email": "ada@example.com"})),
        ("linkit", "/products", "/products", json!({"name": "Lamp", "code": "L-1"})),
        ("libromi", "/contacts", "/messages", json!({"to": "15550100", "type": "text", "text": "Hello"})),
        ("api_v2", "/auth/test", "/users", json!({"name": "Ada", "email": "ada@example.com"})),
        ("api_v1", "/users/me", "/users", json!({"name": "Ada", "email": "ada@example.com"})),
    ];
    for (family, read, write, body) in tasks {
        let key = ready["credentials"][family]["api_key"].as_str().unwrap_or_default();
        let client = Client::builder()
            .provider(Provider::named(family)?)
            .api_key(key)
            .base_url(sandbox.base_url(family))
            .build()?;

        let response = client.get(read).send().await?;
        let data: Value = response.data()?;
        writeln!(out, "{family:8} GET  {read:11} {} {}", response.status(), brief(&data))?;

        let response = client.post(write).json(&body).send().await?;
        let data: Value = response.data()?;
        writeln!(out, "{family:8} POST {write:11} {} {}", response.status(), brief(&data))?;
    }

    let wrong = Client::builder().api_key("lk_wrong").base_url(sandbox.base_url("linktor")).build()?;
    if let Err(error) = wrong.get("/me").send().await {
        writeln!(out, "\nA wrong key: {error}")?;
        writeln!(out, "  kind {}, code {:?}, sent {}", error.kind(), error.code(), error.sent().as_str())?;
    }
    Ok(())
}

/// The beginning of a payload, on one line.
fn brief(data: &Value) -> String {
    let text = data.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
