//! A file descriptor that becomes readable when there is something to drain: what event
//! loops and netpollers wait on without a thread.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use linktor::{Error, ErrorKind};
use rustix::event::{EventfdFlags, eventfd};

/// A non-blocking eventfd (Linux). Reading eight bytes from it resets it.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A fresh one; an `internal` error if the process may open no more files.
    pub fn new() -> Result<Self, Error> {
        eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)
            .map(Self)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("no eventfd can be made: {error}")))
    }

    /// The descriptor, owned by this value.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Makes it readable.
    pub fn ring(&self) {
        // It fails only when it is readable already.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    /// Makes it unreadable again: call it before [`Port::drain`](crate::Port::drain).
    pub fn reset(&self) {
        // It fails only when it is unreadable already.
        let _ = rustix::io::read(&self.0, &mut [0u8; 8]);
    }
}
