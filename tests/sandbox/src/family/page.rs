//! One page of a list, as every family cuts it; only the names differ.

use std::collections::HashMap;

use axum::extract::Query;
use serde_json::Value;

pub(super) type Parameters = Query<HashMap<String, String>>;

/// The rows that were asked for, and where they stand.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    pub(super) number: usize,
    pub(super) size: usize,
    pub(super) total: usize,
}

impl Page {
    /// Cuts the page that `page` and `size_name` ask for: pages count from 1, a size is 1 to 100,
    /// and what is not such a number is the default.
    pub(super) fn cut<'a>(
        all: impl IntoIterator<Item = &'a Value, IntoIter: ExactSizeIterator>,
        parameters: &Parameters,
        size_name: &str,
        default: usize,
    ) -> Self {
        let number = |name: &str| {
            let number = parameters.get(name).and_then(|text| text.parse::<usize>().ok());
            number.filter(|number| *number > 0)
        };
        let page = number("page").unwrap_or(1);
        let size = number(size_name).unwrap_or(default).min(100);
        let skipped = (page - 1).saturating_mul(size);
        let all = all.into_iter();
        let total = all.len();
        Self { rows: all.skip(skipped).take(size).cloned().collect(), number: page, size, total }
    }

    pub(super) fn pages(&self) -> usize {
        self.total.div_ceil(self.size)
    }

    pub(super) fn has_next(&self) -> bool {
        self.number < self.pages()
    }

    pub(super) fn has_previous(&self) -> bool {
        self.number > 1
    }
}
