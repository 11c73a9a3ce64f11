//! The one port of the process, made at first use: all clients' completions, questions and
//! events come out of it, and one goroutine is woken to drain it.

use std::sync::{Arc, Condvar, LazyLock, Mutex, OnceLock, PoisonError};

use linktor_bridge::Port;

use crate::client::Failure;
use crate::item::Item;

static PORT: LazyLock<Arc<Port>> = LazyLock::new(|| Arc::new(Port::new(|| BELL.ring())));
static BELL: Bell = Bell::new();

pub(crate) fn get() -> &'static Arc<Port> {
    &PORT
}

/// How the goroutine is woken.
struct Bell {
    is_rung: Mutex<bool>,
    rung: Condvar,
    #[cfg(target_os = "linux")]
    event: OnceLock<Result<linktor_bridge::EventFd, linktor_bridge::Error>>,
}

impl Bell {
    const fn new() -> Self {
        Self {
            is_rung: Mutex::new(false),
            rung: Condvar::new(),
            #[cfg(target_os = "linux")]
            event: OnceLock::new(),
        }
    }

    fn ring(&self) {
        #[cfg(target_os = "linux")]
        if let Some(Ok(event)) = self.event.get() {
            return event.ring();
        }
        *self.is_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rung.notify_one();
    }

    fn wait(&self) {
        let rung = self.is_rung.lock().unwrap_or_else(PoisonError::into_inner);
        *self.rung.wait_while(rung, |is_rung| !*is_rung).unwrap_or_else(PoisonError::into_inner) = false;
    }
}

/// The descriptor that becomes readable when there is something to drain, which the
/// netpoller waits for without a thread. It lives as long as the process; reading eight
/// bytes from it resets it. Ask for it before anything else, once; none but on Linux.
#[uniffi::export]
pub fn wake_fd() -> Result<Option<i32>, Failure> {
    #[cfg(target_os = "linux")]
    {
        let event = BELL.event.get_or_init(linktor_bridge::EventFd::new);
        Ok(Some(event.as_ref().map_err(Clone::clone)?.fd()))
    }
    #[cfg(not(target_os = "linux"))]
    Ok(None)
}

/// Blocks until there is something to drain, where nobody has asked for the descriptor.
#[uniffi::export]
pub fn wait() {
    BELL.wait();
}

/// Takes all that is there. Reset the descriptor before.
#[uniffi::export]
pub fn drain() -> Vec<Item> {
    PORT.drain().into_iter().map(Item::from).collect()
}
