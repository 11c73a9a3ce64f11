//! A receiver of webhooks: axum, one layer, one handler, no event handled twice. The
//! sandbox plays the sender.

use std::error::Error;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use linktor::webhook::{Event, EventType, Receiver, Verifier};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A 2xx says that the event is done; after anything else it comes again.
async fn handle(event: Event) -> StatusCode {
    let Ok(data) = event.data::<Value>() else { return StatusCode::UNPROCESSABLE_ENTITY };
    match event.event_type() {
        Some(EventType::MessageReceived) => println!("  a message: {}", data["content"]),
        other => println!("  not of interest here: {other:?}"),
    }
    StatusCode::NO_CONTENT
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier = Verifier::new("linktor", fixtures::LINKTOR_WEBHOOK_SECRET)?;
    let app = Router::new().route("/webhooks", post(handle).layer(Receiver::new(verifier)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhooks", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let sandbox = Sandbox::start().await?;
    for (what, more) in [
        ("a delivery", json!({})),
        ("the same event three times", json!({"times": 3})),
        ("a body that was changed on its way", json!({"tamper": "body"})),
        ("one that was captured an hour ago", json!({"tamper": "stale"})),
    ] {
        let mut call = json!({
            "family": "linktor", "url": url, "event": "message.received", "data": {"content": "Hello"},
        });
        call.as_object_mut().into_iter().for_each(|call| call.extend(more.as_object().cloned().unwrap_or_default()));
        println!("{what}");
        let report = sandbox.deliver(call).await?;
        for delivery in report["deliveries"].as_array().into_iter().flatten() {
            println!("  after {} s: HTTP {} {}", delivery["after"], delivery["status"], delivery["body"]);
        }
    }
    Ok(())
}
