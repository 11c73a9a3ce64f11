//! How much of a limit is put to use, and at the price of how many refusals.

fn main() {}
