//! Which organization a request is for.

use http::HeaderValue;

use crate::error::Error;
use crate::header;

/// An organization as it goes into its header.
pub(crate) fn header(id: &str) -> Result<HeaderValue, Error> {
    if !header::is_visible(id) {
        return Err(Error::config("organization is empty, or holds white space or letters beyond ASCII"));
    }
    header::parse_value("organization", id)
}
