//! Fresh ids: `UUIDv7` (RFC 9562, 5.7), which sort by time to the millisecond.

use uuid::{NoContext, Timestamp, Uuid};

/// Made without the counter that `Uuid::now_v7` keeps behind a lock: a fork could copy it
/// while it is held.
pub(crate) fn fresh() -> Uuid {
    Uuid::new_v7(Timestamp::now(NoContext))
}
