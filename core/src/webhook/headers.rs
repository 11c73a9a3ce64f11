//! Where a delivery's headers are read from.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a delivery: an [`HeaderMap`], or names and values as they came.
pub trait Headers {
    /// What stands under a name, in whatever case it is written.
    fn under(&self, name: &HeaderName) -> Found<'_>;
}

/// What stands under a header's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// Nothing.
    Nothing,
    /// One value.
    One(&'a [u8]),
    /// Several, which no header of a signature may have: two readers may take different
    /// ones.
    Several,
}

impl<'a> Found<'a> {
    fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Nothing,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl Headers for HeaderMap {
    fn under(&self, name: &HeaderName) -> Found<'_> {
        Found::of(self.get_all(name).iter().map(HeaderValue::as_bytes))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn under(&self, name: &HeaderName) -> Found<'_> {
        let name = name.as_str().as_bytes();
        Found::of(
            self.iter().filter(|(given, _)| given.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref()),
        )
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn under(&self, name: &HeaderName) -> Found<'_> {
        self[..].under(name)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const COUNT: usize> Headers for [(N, V); COUNT] {
    fn under(&self, name: &HeaderName) -> Found<'_> {
        self[..].under(name)
    }
}
