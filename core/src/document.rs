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

    /// The JSON of a field's value.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(|value| value.get())
    }

    /// Whether the key is there, and not `null`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value != "null")
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        serde_json::from_str(self.get(key)?).ok()
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?).ok()
    }
}

/// The JSON of a body, without white space and byte order mark around it.
pub(crate) fn json_text(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}

/// A JSON text whose values are looked up as they stand in it.
pub(crate) struct Document<'a> {
    whole: &'a str,
    fields: Option<Fields<'a>>,
}

/// A JSON pointer (RFC 6901), split.
pub(crate) struct Pointer(Vec<String>);

impl<'a> Document<'a> {
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let whole = std::str::from_utf8(text).ok()?;
        let fields = Fields::read(text);
        // An object whose fields cannot be told (lone surrogates) cannot be looked through.
        if fields.is_none() {
            serde_json::from_str::<&RawValue>(whole).ok().filter(|_| !whole.starts_with('{'))?;
        }
        Some(Self { whole, fields })
    }

    /// The JSON of the value at a pointer.
    pub(crate) fn at(&self, pointer: &Pointer) -> Option<&'a str> {
        let mut keys = pointer.0.iter();
        let first = match (keys.next(), &self.fields) {
            (None, _) => return Some(self.whole),
            (Some(key), Some(fields)) => fields.get(key)?,
            (Some(key), None) => item(self.whole, key)?,
        };
        keys.try_fold(first, |found, key| match Fields::read(found.as_bytes()) {
            Some(fields) => fields.get(key),
            None => item(found, key),
        })
    }

    /// The first of several pointers that finds a `T`.
    pub(crate) fn value_at<T: DeserializeOwned>(&self, pointers: &[String]) -> Option<T> {
        pointers.iter().find_map(|pointer| serde_json::from_str(self.at(&pointer.as_str().into())?).ok())
    }
}

impl From<&str> for Pointer {
    fn from(pointer: &str) -> Self {
        Self(pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect())
    }
}

/// The item of a list that a key of a pointer names.
fn item<'a>(list: &'a str, key: &str) -> Option<&'a str> {
    let is_index = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    let index: usize = key.parse().ok().filter(|_| is_index)?;
    serde_json::from_str::<Vec<&RawValue>>(list).ok()?.get(index).map(|item| item.get())
}

/// Where `part`, a slice of `whole`, begins.
pub(crate) fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}
