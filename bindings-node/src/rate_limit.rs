//! A rate limit as one line of ASCII: `class limit remaining reset`, the reset in
//! seconds, and nothing for a number that is not known. A class is a word.

use std::fmt::{Display, Write};

use linktor_bridge::RateLimit;

pub(crate) fn text(rate_limit: &RateLimit) -> String {
    let RateLimit { class, limit, remaining, reset, .. } = rate_limit;
    let mut text = class.clone();
    number(&mut text, *limit);
    number(&mut text, *remaining);
    number(&mut text, reset.map(|reset| reset.as_secs_f64()));
    text
}

fn number(text: &mut String, number: Option<impl Display>) {
    text.push(' ');
    if let Some(number) = number {
        // Writing to a string does not fail.
        let _ = write!(text, "{number}");
    }
}
