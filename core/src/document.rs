//! JSON texts whose values are found where they stand, and parsed by whoever wants them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The top level of a JSON object, unparsed below.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Fields<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        if text.first() == Some(&b'{') { serde_json::from_slice(text).ok() } else { None }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied()
    }

    /// Whether the key is there, and not `null`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.get() != "null")
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        serde_json::from_str(self.get(key)?.get()).ok()
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?.get()).ok()
    }
}

/// The JSON of a body, without white space and byte order mark around it.
pub(crate) fn json_text(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}

/// A JSON text whose values are looked up as they stand in it.
pub(crate) struct Document<'a> {
    whole: &'a RawValue,
    fields: Option<Fields<'a>>,
}

impl<'a> Document<'a> {
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        Some(Self { whole: serde_json::from_slice(text).ok()?, fields: Fields::read(text) })
    }

    /// The value at a JSON pointer (RFC 6901).
    pub(crate) fn at(&self, pointer: &str) -> Option<&'a RawValue> {
        let mut keys = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
        let first = match (keys.next(), &self.fields) {
            (None, _) => return Some(self.whole),
            (Some(key), Some(fields)) => fields.get(&key)?,
            (Some(key), None) => item(self.whole, &key)?,
        };
        keys.try_fold(first, |found, key| match Fields::read(found.get().as_bytes()) {
            Some(fields) => fields.get(&key),
            None => item(found, &key),
        })
    }

    /// The first of several pointers that finds a `T`.
    pub(crate) fn value_at<T: DeserializeOwned>(&self, pointers: &[String]) -> Option<T> {
        pointers.iter().find_map(|pointer| serde_json::from_str(self.at(pointer)?.get()).ok())
    }
}

/// The item of a list that a key of a pointer names.
fn item<'a>(list: &'a RawValue, key: &str) -> Option<&'a RawValue> {
    let is_index = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    let index: usize = key.parse().ok().filter(|_| is_index)?;
    serde_json::from_str::<Vec<&RawValue>>(list.get()).ok()?.get(index).copied()
}

/// Where `part`, a slice of `whole`, begins.
pub(crate) fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}
