//! The gate, retries and their budget against a server's own count, in simulated time.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout)]

mod laws;
mod model;
mod outage;
mod patience;
mod stampede;
