//! The one port of the process, made at first use: all clients' completions and questions
//! come out of it, and one eventfd wakes the one goroutine that drains it.

use std::sync::{Arc, OnceLock};

use linktor_bridge::{Error, EventFd, Port};

use crate::client::Failure;
use crate::item::Item;

struct Shared {
    port: Arc<Port>,
    event: Arc<EventFd>,
}

static SHARED: OnceLock<Result<Shared, Error>> = OnceLock::new();

fn shared() -> Result<&'static Shared, Error> {
    let made = SHARED.get_or_init(|| {
        let event = Arc::new(EventFd::new()?);
        let bell = Arc::clone(&event);
        Ok(Shared { port: Arc::new(Port::new(move || bell.ring())), event })
    });
    made.as_ref().map_err(Clone::clone)
}

pub(crate) fn get() -> Result<&'static Arc<Port>, Error> {
    shared().map(|shared| &shared.port)
}

/// The descriptor that becomes readable when there is something to drain. It lives as
/// long as the process; reading eight bytes from it resets it.
#[uniffi::export]
pub fn wake_fd() -> Result<i32, Failure> {
    Ok(shared()?.event.fd())
}

/// Takes all that is there. Reset the descriptor before.
#[uniffi::export]
pub fn drain() -> Vec<Item> {
    shared().map(|shared| shared.port.drain()).unwrap_or_default().into_iter().filter_map(Item::of).collect()
}

/// Answers a question: see `linktor_bridge::answer`.
#[uniffi::export]
pub fn answer(id: u64, json: &str) {
    linktor_bridge::answer(id, json);
}

/// Answers a question with the failure of the user's function.
#[uniffi::export]
pub fn fail(id: u64, message: &str) {
    linktor_bridge::fail(id, message);
}
