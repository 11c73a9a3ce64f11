//! The body of an answer: bytes sent once, many times over, or only by half.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::journal::Mark;
use crate::wire::Fuse;

/// A repeated body is sent in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// Holds the journal's mark until the last byte is given out, so that a client that leaves
/// before that is seen.
#[derive(Debug)]
pub(crate) struct Payload {
    piece: Bytes,
    announced: u64,
    left: u64,
    fuse: Option<Fuse>,
    mark: Option<Mark>,
}

impl Payload {
    pub(crate) fn new(bytes: Bytes) -> Self {
        let length = bytes.len() as u64;
        Self { piece: bytes, announced: length, left: length, fuse: None, mark: None }
    }

    /// `bytes`, `times` over.
    pub(crate) fn repeated(bytes: &Bytes, times: u32) -> Self {
        if times == 1 || bytes.is_empty() {
            return Self::new(if times == 0 { Bytes::new() } else { bytes.clone() });
        }
        let total = bytes.len() as u64 * u64::from(times);
        let in_piece = (PIECE / bytes.len()).clamp(1, times as usize);
        Self { piece: Bytes::from(bytes.repeat(in_piece)), announced: total, left: total, fuse: None, mark: None }
    }

    /// Announces everything, sends half, and then blows the fuse.
    pub(crate) fn truncated(mut self, fuse: Fuse) -> Self {
        self.left = self.announced / 2;
        self.fuse = Some(fuse);
        self
    }

    /// Ends `mark` with the last byte, or at once when no body will be sent.
    pub(crate) fn marked(mut self, mark: Mark, without_body: bool) -> Self {
        if without_body || self.left == 0 {
            mark.end();
        } else {
            self.mark = Some(mark);
        }
        self
    }

    fn ended(&mut self) {
        if let Some(mark) = self.mark.take() {
            mark.end();
        }
        if let Some(fuse) = &self.fuse {
            fuse.hang_up();
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            self.ended();
            // After a half body the connection ends at the next flush, and this body with it.
            return match self.fuse {
                Some(_) => Poll::Pending,
                None => Poll::Ready(None),
            };
        }
        let length = usize::try_from(self.left).map_or(self.piece.len(), |left| left.min(self.piece.len()));
        self.left -= length as u64;
        let data = self.piece.slice(..length);
        if self.left == 0 {
            self.ended();
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.fuse.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self.fuse {
            Some(_) => self.announced,
            None => self.left,
        })
    }
}
