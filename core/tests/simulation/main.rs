//! The gate against a server's own count, in simulated time.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout)]

mod model;
mod stampede;
