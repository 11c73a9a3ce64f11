//! The vectors of `tests/vectors/`, in Rust.

#![allow(clippy::expect_used, clippy::panic)]

mod cases;
mod gate;
mod options;
mod own;
mod receiving;
mod report;
mod retries;
mod steps;
mod unit;
mod webhook;
mod wire;
