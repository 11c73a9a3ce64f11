//! The API families of the Linktor SDK over real HTTP on one loopback port, with faults on demand.
//!
//! Tests in Rust start a [`Sandbox`] in their own process; every other language starts the binary
//! and drives it through `/_sandbox`. The README beside this crate is the contract of both.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! use linktor_sandbox::{Answer, Sandbox};
//!
//! let sandbox = Sandbox::start().await?;
//! sandbox.script(vec![Answer::status(503).header("Retry-After", "1"), Answer::reset()]);
//! assert!(sandbox.base_url("linktor").ends_with("/linktor/api/v1"));
//! assert!(sandbox.journal().is_empty());
//! # Ok(())
//! # }
//! ```

mod clock;
mod control;
mod delivery;
mod family;
pub mod fixtures;
mod journal;
mod jwt;
mod payload;
mod script;
mod server;
mod sessions;
mod state;
mod wire;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use journal::Entry;
pub use script::{Answer, Match, Values};

use state::Shared;

/// A running sandbox on `127.0.0.1`. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Takes a free port and serves on the current tokio runtime.
    ///
    /// Fails when the port cannot be bound.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(0).await
    }

    /// Serves on `port`; 0 takes a free one.
    ///
    /// Fails when the port cannot be bound.
    pub async fn start_on(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let shared = Arc::new(Shared::new(format!("http://{}", listener.local_addr()?)));
        let task = tokio::spawn(server::accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, task })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The base URL of a family, such as `http://127.0.0.1:PORT/linktor/api/v1`. A name that is
    /// no family gives a prefix under which every request is answered 404.
    pub fn base_url(&self, family: &str) -> String {
        match family::Family::of_name(family) {
            Some(known) => self.shared.base_url(known),
            None => format!("{}/{family}", self.shared.url),
        }
    }

    /// Appends answers: each request to a family takes the first one that matches it. An answer
    /// that contradicts itself is sent as a 500 that says why.
    pub fn script(&self, answers: Vec<Answer>) {
        self.shared.script(answers);
    }

    /// The last 20,000 requests to the families, oldest first.
    pub fn journal(&self) -> Vec<Entry> {
        state::lock(&self.shared.journal).entries()
    }

    /// Makes a call of the control plane: `expire`, `revoke`, `clock`, `sessions` or `limits` (and
    /// `script` and `reset`), with the JSON that the README gives for it. `webhooks` is [`Sandbox::deliver`].
    ///
    /// Fails with the reason, and does nothing, when the call is malformed.
    pub fn control(&self, name: &str, with: Value) -> Result<(), String> {
        self.shared.control(name, with)
    }

    /// Delivers an event to a receiver of webhooks, with the JSON that the README gives for
    /// `POST /_sandbox/webhooks`, and gives the report when the last delivery was answered or given
    /// up. The sandbox's clock says when each was signed.
    ///
    /// Fails with the reason, and delivers nothing, when the call is malformed. A receiver that
    /// refuses or is not there is a matter of the report.
    pub async fn deliver(&self, with: Value) -> Result<Value, String> {
        delivery::deliver(with, &self.shared.clock).await
    }

    /// Clears the journal, the script, the counted rate windows, sessions, settings, the clock and
    /// what was written.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// The ready line: `url`, `base_urls`, `auth_urls` and `credentials`.
    pub fn ready(&self) -> Value {
        self.shared.ready()
    }
}

/// Makes the call of [`Sandbox::deliver`] without a sandbox: the machine's clock says when the
/// delivery was signed.
///
/// Fails with the reason, and delivers nothing, when the call is malformed.
pub async fn deliver(with: Value) -> Result<Value, String> {
    delivery::deliver(with, &clock::Clock::default()).await
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
