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

    /// What a first attempt costs.
    pub(crate) fn nothing(&self) -> Cost<'_> {
        Cost { budget: self, tokens: 0, is_spent: true }
    }

    /// Takes what a retry costs, if there is enough.
    pub(crate) fn take(&self, tokens: u32) -> Option<Cost<'_>> {
        let enough = |left: u32| left.checked_sub(tokens);
        let is_paid = tokens == 0 || self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enough).is_ok();
        is_paid.then(|| Cost { budget: self, tokens, is_spent: false })
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

/// What a retry costs. Given back if the retry is never sent.
pub(crate) struct Cost<'b> {
    budget: &'b Budget,
    tokens: u32,
    is_spent: bool,
}

impl Cost<'_> {
    pub(crate) fn spend(&mut self) {
        self.is_spent = true;
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }
}

impl Drop for Cost<'_> {
    fn drop(&mut self) {
        if !self.is_spent {
            self.budget.give(self.tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::report::run;

    #[derive(Deserialize)]
    struct Case {
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

    fn spend(taken: Option<Cost<'_>>) -> bool {
        taken.map(|mut cost| cost.spend()).is_some()
    }

    #[test]
    fn a_retry_that_is_never_sent_costs_nothing() {
        let budget = Budget::new(COST);
        drop(budget.take(COST).expect("enough"));
        assert!(spend(budget.take(COST)));
        assert!(!spend(budget.take(COST)));
    }

    /// The vectors of `budget.json`.
    #[tokio::test]
    async fn tokens_come_and_go_as_the_vectors_say() {
        run("budget", async |case| {
            let case = Case::deserialize(case).map_err(|error| error.to_string())?;
            let budget = Budget::new(case.tokens);
            let mut granted = Vec::new();
            for step in &case.steps {
                match step {
                    Step::Retry => granted.push(spend(budget.take(COST))),
                    Step::Free => granted.push(spend(budget.take(0))),
                    Step::Success => budget.give(1),
                    Step::Recovered => budget.give(COST),
                    Step::Freed => budget.give(0),
                }
            }
            let left = budget.tokens.load(Ordering::Relaxed);
            if granted != case.granted || left != case.left {
                return Err(format!("expected {:?} and {}, found {granted:?} and {left}", case.granted, case.left));
            }
            Ok(())
        })
        .await;
    }
}
