//! The main job, against a sandbox of its own: one read and one write in each of the
//! five API families over real HTTP, what an error looks like, and what becomes of a 429.

use std::error::Error;
use std::io::{Write, stdout};

use futures_util::future::try_join_all;
use linktor::{Client, Event, Observer, Provider};
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

    // A family that names its limits on the 429 alone.
    sandbox.control("limits", json!({"family": "libromi", "limits": [{"limit": 3, "window": 2}]}))?;
    writeln!(out, "\nFive calls at once, where the server takes three in 2 s:")?;
    let client = Client::builder()
        .provider(Provider::libromi())
        .api_key(ready["credentials"]["libromi"]["api_key"].as_str().unwrap_or_default())
        .base_url(sandbox.base_url("libromi"))
        .observer(Narrator)
        .build()?;
    drop(out);
    let calls = (1..=5).map(|number| client.get("/contacts").request_id(format!("call-{number}")).send());
    for response in try_join_all(calls).await? {
        let waited = response.waited().as_secs_f64();
        writeln!(
            stdout(),
            "  {}: {} after {} attempts and {waited:.1} s of waiting",
            response.request_id(),
            response.status(),
            response.attempts(),
        )?;
    }
    Ok(())
}

/// Tells of attempts and waits as they happen.
struct Narrator;

impl Observer for Narrator {
    fn event(&self, event: &Event<'_>) {
        let told = match event {
            Event::AttemptEnded { call, outcome, .. } => {
                writeln!(stdout(), "  {}: answered {}", call.request_id, outcome.status.unwrap_or_default())
            }
            Event::WaitStarted { call, reason, expected, .. } => {
                writeln!(stdout(), "  {}: waits for {reason:?}, {:.1} s", call.request_id, expected.as_secs_f64())
            }
            _ => Ok(()),
        };
        // Nobody is left to be told of a closed standard output.
        drop(told);
    }
}

/// The beginning of a payload, on one line.
fn brief(data: &Value) -> String {
    let text = data.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
