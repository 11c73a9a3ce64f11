//! Providers as documents, checked where they are made.

use linktor::{Error, ErrorKind, Provider};
use serde_json::Value;

use crate::auth::to_json;

/// The whole document of a provider: of a built-in family by its name, a JSON text, or of
/// the user's own, with the default of what it leaves out. A `config` error names the
/// place that is wrong.
pub fn provider(json: &str) -> Result<String, Error> {
    let given = serde_json::from_str(json).unwrap_or_default();
    if let Value::String(name) = given {
        return to_json(&Provider::named(&name)?);
    }
    let document = to_json(&Provider::from_json(json).map_err(|error| placed(json).unwrap_or(error))?)?;
    let read = serde_json::from_str(&document).unwrap_or_default();
    match unnamed(&given, &read) {
        Some(place) => Err(unreadable(&format!("{}: a list, where an object is due", place.trim_start_matches('.')))),
        None => Ok(document),
    }
}

/// What cannot be read, with its place before it.
fn placed(json: &str) -> Option<Error> {
    let mut document = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize::<_, Provider>(&mut document).err().map(|error| unreadable(&error))
}

fn unreadable(what: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("the provider cannot be read: {what}"))
}

/// The place of a list that was read as an object, by the order of its fields.
fn unnamed(given: &Value, read: &Value) -> Option<String> {
    match (given, read) {
        (Value::Array(_), Value::Object(_)) => Some(String::new()),
        (Value::Object(given), Value::Object(read)) => {
            given.iter().find_map(|(name, given)| Some(format!(".{name}{}", unnamed(given, read.get(name)?)?)))
        }
        (Value::Array(given), Value::Array(read)) => {
            let mut pairs = given.iter().zip(read).enumerate();
            pairs.find_map(|(index, (given, read))| Some(format!("[{index}]{}", unnamed(given, read)?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (more, place) in [
            (r#""paging": {"max_size": "10"}"#, "paging.max_size: invalid type: string"),
            (r#""paging": {"max_siz": 10}"#, "unknown field `max_siz`"),
            (r#""headers": {"fixed": {"x-a": 1}}"#, "headers.fixed.x-a: "),
            (r#""errors": {"code": ["/a", 1]}"#, "errors.code[1]: "),
            (r#""paging": ["p", "n"]"#, "paging: a list"),
            (r#""unsafe_routes": [{"path": "/a"}, ["GET", "/b"]]"#, "unsafe_routes[1]: a list"),
            (r#""name": "y""#, "duplicate field `name`"),
        ] {
            let json = format!(r#"{{"name": "x", "credentials": [], {more}}}"#);
            let error = provider(&json).expect_err(&json);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(place), "{error}");
        }
        for json in ["", "1", "null", "[]", r#"["x", null, {}, []]"#, r#"{"name": "x"}"#, r#""parcels""#] {
            assert_eq!(provider(json).expect_err(json).kind(), ErrorKind::Config, "{json}");
        }
    }
}
