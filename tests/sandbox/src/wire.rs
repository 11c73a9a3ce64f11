//! The accepted socket, which can be told to reset or to hang up.
//!
//! hyper owns the socket while it serves, so a fault is left in a [`Fuse`] that both hold: the
//! socket reads it when all written bytes are flushed, and when it is dropped.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;

const HANG_UP: u8 = 1;
const RESET: u8 = 2;

/// A fault for one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fuse(Arc<AtomicU8>);

impl Fuse {
    /// Closes as soon as what was written so far has been handed to the kernel.
    pub(crate) fn hang_up(&self) {
        self.0.store(HANG_UP, Ordering::Relaxed);
    }

    /// Turns the coming close into an RST.
    pub(crate) fn reset(&self) {
        self.0.store(RESET, Ordering::Relaxed);
    }

    fn is(&self, fault: u8) -> bool {
        self.0.load(Ordering::Relaxed) == fault
    }
}

/// A socket with its fuse.
#[derive(Debug)]
pub(crate) struct Wire {
    io: TokioIo<TcpStream>,
    fuse: Fuse,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, fuse: Fuse) -> Self {
        Self { io: TokioIo::new(stream), fuse }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.fuse.is(RESET) {
            // Closing with a linger of zero sends RST. If it fails, the close itself remains.
            let _ = SockRef::from(self.io.inner()).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// hyper flushes when its own buffer is empty, so this is the moment to hang up.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.fuse.is(HANG_UP) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
