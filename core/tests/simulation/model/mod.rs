//! A server with rate limits, the network before it and the clocks of both machines, in
//! memory and in simulated time: the same seed, the same story.

mod clock;
mod crowd;
mod server;
pub(crate) mod voice;
mod window;

pub(crate) use self::crowd::{Crowd, get, simulate};
pub(crate) use self::server::{Entry, Failure, Faults, Server, Setting, Step};
pub(crate) use self::voice::Voice;
pub(crate) use self::window::{Kind, Window};
