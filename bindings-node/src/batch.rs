//! What came up, as one flat array of four values an item, which is cheaper to make than
//! objects: `id`, `state`, `body`, `meta`.
//!
//! * `state` is the HTTP status of a success; `body` is a string, or a buffer if it is
//!   not UTF-8; `meta` is the attempts, the request id, and names and values of the
//!   headers, joined by line feeds, which none of them can hold.
//! * `FAILED`: `body` is the error's record as JSON.
//! * `ASKED`, `ABANDONED`: `id` is the question's.

use linktor_bridge::{ErrorRecord, Item, Response};
use napi::bindgen_prelude::{Array, BufferSlice, Env, Null, Result, ToNapiValue};

use crate::client::number;

const FAILED: i32 = 0;
const ASKED: i32 = -1;
const ABANDONED: i32 = -2;

pub(crate) fn write(env: &Env, items: Vec<Item>) -> Result<Array<'_>> {
    let length = u32::try_from(items.len() * 4).unwrap_or(u32::MAX);
    let mut batch = Batch { env, array: env.create_array(length)?, next: 0 };
    for item in items {
        batch.item(item)?;
    }
    Ok(batch.array)
}

struct Batch<'env> {
    env: &'env Env,
    array: Array<'env>,
    next: u32,
}

impl Batch<'_> {
    fn item(&mut self, item: Item) -> Result<()> {
        let (id, state) = match item {
            Item::Completion { id, outcome } => {
                self.push(number(id))?;
                return match *outcome {
                    Ok(response) => self.response(&response),
                    Err(error) => {
                        self.push(FAILED)?;
                        self.push(ErrorRecord::from(&error).to_json())?;
                        self.push(Null)
                    }
                };
            }
            Item::TokenWanted { id, .. } => (id, ASKED),
            Item::Abandoned { id } => (id, ABANDONED),
        };
        self.push(number(id))?;
        self.push(state)?;
        self.push(Null)?;
        self.push(Null)
    }

    fn response(&mut self, response: &Response) -> Result<()> {
        self.push(response.status())?;
        let body = response.bytes();
        if body.is_ascii() {
            self.push(self.env.create_string_latin1(body)?)?;
        } else if let Ok(text) = std::str::from_utf8(body) {
            self.push(self.env.create_string(text)?)?;
        } else {
            self.push(BufferSlice::copy_from(self.env, body)?)?;
        }
        self.push(self.env.create_string_latin1(meta(response))?)
    }

    fn push(&mut self, value: impl ToNapiValue) -> Result<()> {
        self.array.set(self.next, value)?;
        self.next += 1;
        Ok(())
    }
}

fn meta(response: &Response) -> Vec<u8> {
    let mut meta = response.attempts().to_string().into_bytes();
    meta.reserve(1024);
    meta.push(b'\n');
    meta.extend_from_slice(response.request_id().as_bytes());
    for (name, value) in response.headers() {
        meta.push(b'\n');
        meta.extend_from_slice(name.as_str().as_bytes());
        meta.push(b'\n');
        meta.extend_from_slice(value.as_bytes());
    }
    meta
}
