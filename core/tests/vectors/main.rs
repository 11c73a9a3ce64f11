//! The vectors of `tests/vectors/`, in Rust.

#![allow(clippy::expect_used, clippy::panic)]

mod cases;
mod options;
mod steps;
mod unit;
mod wire;
