//! What came up, as one flat array of four values an item, which is cheaper to make than
//! objects: `id`, `state`, `body`, `meta`.
//!
//! * `state` is the HTTP status of a success; `body` is a string, or a buffer if it is
//!   not UTF-8; `meta` is the attempts, the seconds waited, the request id, the rate limit,
//!   the page, and names and values of the headers, joined by line feeds, which none of
//!   them can hold. The rate limit is as in `rate_limit`, and nothing if the answer says
//!   nothing. The page is where its items are, in UTF-16 units, and the number of the
//!   next: `start end next`, `start end` on the last, and nothing without items.
//! * `VALUE`: `body` is what an auth call gives, as JSON.
//! * `FAILED`: `body` is the error's record as JSON.
//! * A question: `id` is its own, `state` what is asked, `body` the client whose function it
//!   is, and `meta` the arguments: see `question`.
//! * `ABANDONED`: `id` is the question's.
//! * `TOLD`: `id` is the call's, or 0; `body` is the event as JSON.

use linktor_bridge::{ErrorRecord, Item, Reply, Response};
use napi::bindgen_prelude::{Array, BufferSlice, Env, Null, Result, ToNapiValue};

use crate::client::{number, units};
use crate::{question, rate_limit};

const FAILED: i32 = 0;
const ABANDONED: i32 = -2;
const VALUE: i32 = -3;
const TOLD: i32 = -8;

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
        match item {
            Item::Completion { id, outcome } => {
                self.push(number(id))?;
                match *outcome {
                    Ok(Reply::Response(response)) => self.response(&response),
                    Ok(Reply::Value(json)) => self.rest(VALUE, json),
                    Err(error) => self.rest(FAILED, ErrorRecord::from(&error).to_json()),
                }
            }
            Item::Asked { id, client, call, question } => {
                let (state, arguments) = question::asked(self.env, call, question)?;
                self.push(number(id))?;
                self.push(state)?;
                self.push(number(client))?;
                self.push(arguments)
            }
            Item::Abandoned { id } => {
                self.push(number(id))?;
                self.rest(ABANDONED, Null)
            }
            Item::Told { call, event, .. } => {
                self.push(call.map_or(0.0, number))?;
                self.rest(TOLD, event.to_json())
            }
        }
    }

    fn rest(&mut self, state: i32, body: impl ToNapiValue) -> Result<()> {
        self.push(state)?;
        self.push(body)?;
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
    let mut meta = Vec::with_capacity(1024);
    let head = format!("{}\n{}\n", response.attempts(), response.waited().as_secs_f64());
    meta.extend_from_slice(head.as_bytes());
    meta.extend_from_slice(response.request_id().as_bytes());
    meta.push(b'\n');
    if let Some(rate_limit) = response.rate_limit() {
        meta.extend_from_slice(rate_limit::text(rate_limit).as_bytes());
    }
    meta.push(b'\n');
    if let Some(span) = response.items_span() {
        let body = response.bytes();
        let (start, end) = (units(&body[..span.start]), units(&body[..span.end]));
        let next = response.next_page().map_or_else(String::new, |number| format!(" {number}"));
        meta.extend_from_slice(format!("{start} {end}{next}").as_bytes());
    }
    for (name, value) in response.headers() {
        meta.push(b'\n');
        meta.extend_from_slice(name.as_str().as_bytes());
        meta.push(b'\n');
        meta.extend_from_slice(value.as_bytes());
    }
    meta
}
