//! Headers that users name or fill: checked, and their values never shown.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Error;
use crate::provider::Provider;

/// The headers that the caller gives, none of which the client writes itself. A repeated
/// name is sent repeatedly; each replaces what the client would have sent of its own.
pub(crate) fn of_caller(provider: &Provider, given: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let header = caller_name(provider, name)?;
        headers.append(header, parse_value(name, value)?);
    }
    Ok(headers)
}

fn caller_name(provider: &Provider, name: &str) -> Result<HeaderName, Error> {
    const RESERVED: [&str; 7] =
        ["authorization", "connection", "content-length", "host", "te", "transfer-encoding", "user-agent"];
    let header = parse_name(name)?;
    let rules = &provider.headers;
    let is_rule = [&rules.organization, &rules.request_id, &rules.client_version]
        .into_iter()
        .flatten()
        .chain(rules.fixed.keys())
        .any(|rule| rule.eq_ignore_ascii_case(name));
    if is_rule || RESERVED.contains(&header.as_str()) {
        return Err(Error::config(format!(
            "the header `{header}` is written by the client; use the credential, organization, request_id or \
             client_version option for it"
        )));
    }
    Ok(header)
}

pub(crate) fn parse_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::config("a header's name is empty or holds characters that no header name may have"))
}

/// Checks a header's value without ever showing it.
pub(crate) fn parse_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).ok().filter(|_| value.is_ascii()).ok_or_else(|| {
        Error::config(format!(
            "the value of `{}` holds a line break, a control character or a letter beyond ASCII",
            name.escape_default()
        ))
    })
}

/// Whether bytes are visible ASCII characters and spaces, if there are any.
pub(crate) fn is_printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a text is of visible ASCII characters, and not empty.
pub(crate) fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
