//! A rate limit as one line of ASCII: `class limit remaining reset`, the class
//! percent-encoded, the reset in seconds, and nothing for a number that is not known.

use std::fmt::{Display, Write};

use linktor_bridge::RateLimit;

pub(crate) fn text(rate_limit: &RateLimit) -> String {
    let RateLimit { class, limit, remaining, reset, .. } = rate_limit;
    let mut text = String::with_capacity(64);
    for byte in class.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(char::from(byte));
        } else {
            add(&mut text, format_args!("%{byte:02X}"));
        }
    }
    number(&mut text, *limit);
    number(&mut text, *remaining);
    number(&mut text, reset.map(|reset| reset.as_secs_f64()));
    text
}

fn number(text: &mut String, number: Option<impl Display>) {
    text.push(' ');
    if let Some(number) = number {
        add(text, format_args!("{number}"));
    }
}

fn add(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(what);
}
