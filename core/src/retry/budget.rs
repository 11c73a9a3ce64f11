//! How much trying again a client may do beyond what it was asked for, so that an outage
//! is not multiplied.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Error;

/// What one retry costs.
const COST: u32 = 14;

/// What a retry after this failure costs: nothing after a 429 that says when to come.
pub(crate) fn cost(error: &Error) -> u32 {
    if error.status() == Some(429) && error.retry_after().is_some() { 0 } else { COST }
}

/// Tokens that retries cost and successes give back. Shared by all handles of a client.
#[derive(Debug)]
pub(crate) struct Budget {
    tokens: AtomicU32,
    most: u32,
}

impl Budget {
    pub(crate) fn new(tokens: u32) -> Self {
        Self { tokens: AtomicU32::new(tokens), most: tokens }
    }

    /// Takes what a retry costs; false if there is not enough.
    pub(crate) fn take(&self, cost: u32) -> bool {
        cost == 0
            || self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back after a success: 1, or what its last retry cost.
    pub(crate) fn give(&self, tokens: u32) {
        // Most of the time it is full, and then there is nothing to write.
        if tokens > 0 && self.tokens.load(Ordering::Relaxed) < self.most {
            let more = |left: u32| Some(left.saturating_add(tokens).min(self.most));
            let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        tokens: u32,
        steps: Vec<Step>,
        granted: Vec<bool>,
        left: u32,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Step {
        Retry,
        Free,
        Success,
        Recovered,
        Freed,
    }

    /// The vectors of `budget.json`.
    #[test]
    fn tokens_come_and_go_as_the_vectors_say() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/unit/budget.json");
        let text = std::fs::read_to_string(file).expect("the vectors");
        for case in serde_json::from_str::<Vectors>(&text).expect("vectors").cases {
            let budget = Budget::new(case.tokens);
            let mut granted = Vec::new();
            for step in &case.steps {
                match step {
                    Step::Retry => granted.push(budget.take(COST)),
                    Step::Free => granted.push(budget.take(0)),
                    Step::Success => budget.give(1),
                    Step::Recovered => budget.give(COST),
                    Step::Freed => budget.give(0),
                }
            }
            assert_eq!(granted, case.granted, "{}", case.name);
            assert_eq!(budget.tokens.load(Ordering::Relaxed), case.left, "{}", case.name);
        }
    }
}
