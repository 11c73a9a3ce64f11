//! May a request be tried again, and when.

pub(crate) mod hint;
