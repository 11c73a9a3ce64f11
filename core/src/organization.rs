//! Which organization a request is for.

use http::HeaderValue;

use crate::error::Error;
use crate::header;

/// An organization as it goes into its header.
pub(crate) fn header(id: &str) -> Result<HeaderValue, Error> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::config("organization is empty, or holds white space or letters beyond ASCII"));
    }
    header::parse_value("organization", id)
}
