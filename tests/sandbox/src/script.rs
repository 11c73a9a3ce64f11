//! Scripted answers: what to send, or which fault to commit, instead of what a family's own route says.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::family::Family;
use crate::payload::Payload;

/// One answer. The README's table is its contract; every field has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "the fields are those of the JSON")]
pub struct Answer {
    /// The status, 200 to 999. Default: 200, or 302 for a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers besides `Content-Length`, which the sandbox writes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Values>,
    /// The body as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body as JSON, with its `Content-Type` unless the headers have one. `null` is a body.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The body as bytes, in standard base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// Sends the body this many times over. Default: once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// Milliseconds to wait before the answer or the fault. Default: 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
    /// Resets the connection (RST) instead of answering.
    #[serde(skip_serializing_if = "is_false")]
    pub reset: bool,
    /// Closes the connection instead of answering.
    #[serde(skip_serializing_if = "is_false")]
    pub close: bool,
    /// Announces the whole body, sends half of it, then closes.
    #[serde(skip_serializing_if = "is_false")]
    pub truncate: bool,
    /// The `Location`; a path that starts with `~` is under the family's base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// Lets the sandbox's own route answer, after the delay.
    #[serde(skip_serializing_if = "is_false")]
    pub pass: bool,
    /// Lets the sandbox's own route act first, before the delay, and throws its answer away.
    #[serde(skip_serializing_if = "is_false")]
    pub act: bool,
    /// Only requests like this take the answer. Default: any.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<Match>,
}

/// Which requests take an answer; a field left out matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Match {
    /// The family's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The method, in upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, as an entry of the journal has it: `/api/v1/me`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The value of a header, or several under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// One line.
    One(String),
    /// A line for each.
    Many(Vec<String>),
}

impl Answer {
    /// An answer with this status and no body.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// A reset of the connection.
    pub fn reset() -> Self {
        Self { reset: true, ..Self::default() }
    }

    /// A close of the connection, without an answer.
    pub fn close() -> Self {
        Self { close: true, ..Self::default() }
    }

    /// The sandbox's own route.
    pub fn pass() -> Self {
        Self { pass: true, ..Self::default() }
    }

    /// A redirect; `~/me` is under the family's base.
    pub fn redirect(location: &str) -> Self {
        Self { redirect: Some(location.to_owned()), ..Self::default() }
    }

    /// Sends this JSON.
    #[must_use]
    pub fn json(mut self, json: Value) -> Self {
        self.json = Some(json);
        self
    }

    /// Sends this text.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let value = value.to_owned();
        let values = match self.headers.remove(name) {
            None => Values::One(value),
            Some(Values::One(first)) => Values::Many(vec![first, value]),
            Some(Values::Many(mut values)) => {
                values.push(value);
                Values::Many(values)
            }
        };
        self.headers.insert(name.to_owned(), values);
        self
    }

    /// Waits before the answer or the fault.
    #[must_use]
    pub fn delay_ms(mut self, delay_ms: u64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    /// Sends the body this many times over.
    #[must_use]
    pub fn repeat(mut self, times: u32) -> Self {
        self.repeat = Some(times);
        self
    }

    /// Announces the whole body and sends half of it.
    #[must_use]
    pub fn truncate(mut self) -> Self {
        self.truncate = true;
        self
    }

    /// Lets the sandbox's own route act first and throws its answer away.
    #[must_use]
    pub fn act(mut self) -> Self {
        self.act = true;
        self
    }

    /// Only requests with this method and path (`/api/v1/me`) take the answer.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        let matching = self.matching.get_or_insert_default();
        matching.method = Some(method.to_owned());
        matching.path = Some(path.to_owned());
        self
    }

    pub(crate) fn matches(&self, family: Family, method: &str, path: &str) -> bool {
        let like = |wanted: &Option<String>, got: &str| wanted.as_deref().is_none_or(|text| text == got);
        self.matching.as_ref().is_none_or(|wanted| {
            like(&wanted.family, family.name()) && like(&wanted.method, method) && like(&wanted.path, path)
        })
    }

    /// Says what is wrong with an answer that could never be sent as it is written.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(name) = self.matching.as_ref().and_then(|matching| matching.family.as_ref())
            && Family::of_name(name).is_none()
        {
            return Err(format!("match.family: `{name}` is no family"));
        }
        if [self.reset, self.close, self.pass, self.truncate].iter().filter(|set| **set).count() > 1 {
            return Err("only one of reset, close, truncate and pass can be true".to_owned());
        }
        if self.act && self.pass {
            return Err("act throws away the answer that pass would send".to_owned());
        }
        let bodies = [self.body.is_some(), self.json.is_some(), self.body_base64.is_some()];
        if bodies.iter().filter(|set| **set).count() > 1 {
            return Err("only one of body, json and body_base64 can be given".to_owned());
        }
        let sends = self.status.is_some()
            || self.redirect.is_some()
            || self.repeat.is_some()
            || !self.headers.is_empty()
            || bodies.contains(&true);
        if sends && (self.reset || self.close || self.pass) {
            return Err("reset, close and pass send nothing of their own".to_owned());
        }
        self.response("").map(|_| ())
    }

    /// The answer as HTTP; `base_url` stands for a leading `~` of the redirect.
    pub(crate) fn response(&self, base_url: &str) -> Result<Response<Payload>, String> {
        let default = if self.redirect.is_some() { 302 } else { 200 };
        let status = self.status.unwrap_or(default);
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| !status.is_informational())
            .ok_or_else(|| format!("status: {status} is not within 200 to 999"))?;
        let mut headers = self.header_map()?;
        if let Some(location) = &self.redirect {
            let location = match location.strip_prefix('~') {
                Some(rest) => format!("{base_url}{rest}"),
                None => location.clone(),
            };
            headers.insert(LOCATION, header_value("redirect", &location)?);
        }
        let bytes = match (&self.body, &self.json, &self.body_base64) {
            (Some(text), ..) => Bytes::from(text.clone()),
            (_, Some(json), _) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                Bytes::from(json.to_string())
            }
            (.., Some(text)) => STANDARD.decode(text).map_err(|error| format!("body_base64: {error}"))?.into(),
            (None, None, None) => Bytes::new(),
        };
        if self.truncate && bytes.is_empty() {
            return Err("truncate: there is no body to cut".to_owned());
        }
        let mut response = Response::new(Payload::repeated(&bytes, self.repeat.unwrap_or(1)));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn header_map(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.headers {
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("headers: `{name}` is not a header name"))?;
            if key == CONTENT_LENGTH {
                return Err("headers: content-length is written by the sandbox".to_owned());
            }
            let values = match values {
                Values::One(value) => std::slice::from_ref(value),
                Values::Many(values) => values,
            };
            for value in values {
                headers.append(key.clone(), header_value(name, value)?);
            }
        }
        Ok(headers)
    }
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| format!("headers: `{name}` cannot have this value"))
}

/// Keeps a given `null` apart from a field left out.
pub(crate) fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: &str) -> Result<(), String> {
        let answer: Answer = serde_json::from_str(json).map_err(|error| error.to_string())?;
        answer.check()
    }

    #[test]
    fn a_contradiction_is_refused_with_its_reason() {
        for (json, reason) in [
            (r#"{"statsu":1}"#, "statsu"),
            (r#"{"status":101}"#, "status"),
            (r#"{"reset":true,"close":true}"#, "only one of reset"),
            (r#"{"body":"","json":null}"#, "only one of body"),
            (r#"{"pass":true,"status":200}"#, "nothing of their own"),
            (r#"{"act":true,"pass":true}"#, "throws away"),
            (r#"{"act":true,"close":true,"status":500}"#, "nothing of their own"),
            (r#"{"truncate":true}"#, "no body to cut"),
            (r#"{"headers":{"a b":"c"}}"#, "a b"),
            (r#"{"headers":{"Content-Length":"1"}}"#, "content-length"),
            (r#"{"body_base64":"%"}"#, "body_base64"),
            (r#"{"match":{"family":"linkedin"}}"#, "linkedin"),
        ] {
            let message = checked(json).err().unwrap_or_default();
            assert!(message.contains(reason), "{json}: {message}");
        }
        let whole = r#"{"status":307,"headers":{"a":["b","c"]},"json":null,"repeat":2,"delay_ms":1,"act":true,
            "redirect":"~/me","match":{"family":"api_v1","method":"GET","path":"/v1/users/me"}}"#;
        for json in [whole, r#"{"act":true,"reset":true,"delay_ms":1,"match":{"method":"POST"}}"#] {
            assert_eq!(checked(json), Ok(()));
        }
    }
}
