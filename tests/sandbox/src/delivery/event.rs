//! The event, and its body in bytes that no serialiser would write again.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scheme::Scheme;
use crate::family::linktor::TENANT;

/// What happened, the same for each delivery of it.
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) body: Vec<u8>,
}

impl Event {
    /// An event of a fresh id that happened at `now` (milliseconds).
    pub(super) fn new(scheme: Scheme, kind: &str, data: Option<Value>, now: u64) -> Self {
        let id = match scheme {
            Scheme::ApiV1 | Scheme::ApiV2 => format!("evt_{}", Uuid::new_v4().simple()),
            Scheme::StandardWebhooks => format!("msg_{}", Uuid::new_v4().simple()),
            _ => Uuid::new_v4().to_string(),
        };
        let data = data.unwrap_or_else(invented);
        let at = i64::try_from(now).ok().and_then(|now| Timestamp::from_millisecond(now).ok()).unwrap_or_default();
        let at = at.to_string();
        let body = match scheme {
            Scheme::Linktor | Scheme::LinktorBody => written(&Object(&[
                ("id", &json!(id)),
                ("type", &json!(kind)),
                ("timestamp", &json!(at)),
                ("tenantId", &json!(TENANT)),
                ("data", &data),
            ])),
            Scheme::Libromi => written(&Object(&[("type", &json!(kind)), ("data", &data)])),
            Scheme::ApiV1 | Scheme::ApiV2 => written(&Object(&[
                ("id", &json!(id)),
                ("type", &json!(kind)),
                ("created_at", &json!(at)),
                ("data", &data),
            ])),
            Scheme::StandardWebhooks => {
                written(&Object(&[("type", &json!(kind)), ("timestamp", &json!(at)), ("data", &data)]))
            }
            Scheme::XHubSignature256 => written(&data),
        };
        Self { id, kind: kind.to_owned(), body }
    }
}

/// The body with one byte changed: its last digit into another one, so that it is JSON as before
/// and says something else; without digits its last byte.
pub(super) fn altered(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let digit = body.iter().rposition(u8::is_ascii_digit);
    if let Some(byte) = digit.or(body.len().checked_sub(1)).and_then(|place| body.get_mut(place)) {
        *byte = match *byte {
            b'9' => b'8',
            digit @ b'0'..=b'8' => digit + 1,
            _ => b' ',
        };
    }
    body
}

/// Data that a second serialisation would change, whoever makes it.
fn invented() -> Value {
    json!({
        "contact": {"name": "Zo\u{e9} Example", "avatar_url": "https://example.com/avatars/1.png"},
        "content": "Ol\u{e1}! 1/2 \u{1f600}",
        "content_type": "text",
        "score": 1.0,
    })
}

/// An object whose fields stay in this order.
struct Object<'a>(&'a [(&'a str, &'a Value)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

fn written(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Neither a vector nor a JSON value can fail here.
    let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Peculiar));
    bytes
}

/// `{ "a": [1.0, "\/\u00e9"], "b": 2 }`: nobody's default.
struct Peculiar;

impl Formatter for Peculiar {
    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b" " } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" }")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            match character {
                '/' => writer.write_all(b"\\/")?,
                ' '..='~' => write!(writer, "{character}")?,
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(scheme: Scheme, data: Option<Value>) -> String {
        String::from_utf8(Event::new(scheme, "a/b", data, 1_000_000_000_500).body).unwrap()
    }

    #[test]
    fn a_body_has_its_fields_in_order_and_the_marks() {
        let data = json!({"\u{e9}": [1.0, 2, "\u{1f600}\"\n"], "empty": {}});
        let written = r#"{ "empty": { }, "\u00e9": [1.0, 2, "\ud83d\ude00\"\n"] }"#;
        assert_eq!(body(Scheme::XHubSignature256, Some(data.clone())), written);
        assert_eq!(body(Scheme::Libromi, Some(data.clone())), format!(r#"{{ "type": "a\/b", "data": {written} }}"#));
        let at = r#""2001-09-09T01:46:40.5Z""#;
        assert_eq!(
            body(Scheme::StandardWebhooks, Some(Value::Null)),
            format!(r#"{{ "type": "a\/b", "timestamp": {at}, "data": null }}"#)
        );
        let read: Value = serde_json::from_str(&body(Scheme::Linktor, Some(data.clone()))).unwrap();
        assert_eq!((&read["type"], &read["data"]), (&json!("a/b"), &data));
    }

    #[test]
    fn the_invented_data_has_every_mark() {
        for scheme in [Scheme::Libromi, Scheme::XHubSignature256, Scheme::ApiV2] {
            let body = body(scheme, None);
            for mark in [r"\/", r"\u00e9", "1.0", "{ "] {
                assert!(body.contains(mark), "{body}");
            }
        }
    }

    #[test]
    fn an_altered_body_differs_in_one_byte() {
        for (body, altered_body) in
            [(r#"{ "a": 1.9 }"#, r#"{ "a": 1.8 }"#), ("0", "1"), ("true", "tru "), (r#"["a"]"#, r#"["a" "#)]
        {
            assert_eq!(altered(body.as_bytes()), altered_body.as_bytes());
        }
    }
}
