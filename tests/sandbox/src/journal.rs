//! Every request to a family, recorded on arrival.
//!
//! Records are compact copies, made into an [`Entry`] only when somebody reads the journal:
//! benchmarks run against the sandbox, and a record must not pin the read buffers of hyper.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use crate::family::Family;
use crate::state::{Shared, lock};

/// Older entries are forgotten.
const KEPT: usize = 20_000;

/// One request, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The family's name.
    pub family: String,
    /// The method, as received.
    pub method: String,
    /// The path after the family's prefix, percent-encoding as received: `/api/v1/me`.
    pub path: String,
    /// The query, as received, without its question mark.
    pub query: Option<String>,
    /// Names in lower case and values, in order of arrival; a repeated name stands with its first.
    pub headers: Vec<(String, String)>,
    /// The body, when it is UTF-8; empty when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body, when it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// What was answered; `None` until then, and for ever after `reset` and `close`.
    pub status: Option<u16>,
    /// The client went away before the answer was finished.
    pub aborted: bool,
}

impl Entry {
    /// The first value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
struct Record {
    family: Family,
    method: Method,
    path: Box<str>,
    query: Option<Box<str>>,
    /// `name\nvalue\n`, repeated: neither can hold a line feed.
    headers: Box<[u8]>,
    body: Bytes,
    status: Option<u16>,
    aborted: bool,
}

/// The last [`KEPT`] requests. Numbers are never used twice, so a mark that outlives its record
/// or a reset changes nothing.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    records: VecDeque<Record>,
    first: u64,
}

impl Journal {
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.records.iter().map(Record::entry).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.records.len() as u64;
        self.records.clear();
    }

    fn push(&mut self, record: Record) -> u64 {
        if self.records.len() == KEPT {
            self.records.pop_front();
            self.first += 1;
        }
        self.records.push_back(record);
        self.first + self.records.len() as u64 - 1
    }

    fn record(&mut self, number: u64) -> Option<&mut Record> {
        let place = number.checked_sub(self.first)?;
        self.records.get_mut(usize::try_from(place).ok()?)
    }
}

impl Record {
    fn entry(&self) -> Entry {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut lines = self.headers.split(|byte| *byte == b'\n');
        let mut headers = Vec::new();
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            headers.push((text(name), text(value)));
        }
        let body = std::str::from_utf8(&self.body).ok().map(str::to_owned);
        Entry {
            family: self.family.name().to_owned(),
            method: self.method.to_string(),
            path: self.path.to_string(),
            query: self.query.as_deref().map(str::to_owned),
            headers,
            body_base64: body.is_none().then(|| STANDARD.encode(&self.body)),
            body,
            status: self.status,
            aborted: self.aborted,
        }
    }
}

/// A request that has arrived. Dropped before [`Mark::end`], its entry says `aborted`.
#[derive(Debug)]
pub(crate) struct Mark {
    shared: Arc<Shared>,
    number: u64,
    ended: bool,
}

impl Mark {
    /// Records a request whose body has not been read yet.
    pub(crate) fn arrival(shared: &Arc<Shared>, family: Family, request: &hyper::http::request::Parts) -> Self {
        let record = Record {
            family,
            method: request.method.clone(),
            path: family.path(request.uri.path()).into(),
            query: request.uri.query().map(Into::into),
            headers: flat(&request.headers),
            body: Bytes::new(),
            status: None,
            aborted: false,
        };
        Self { shared: Arc::clone(shared), number: lock(&shared.journal).push(record), ended: false }
    }

    pub(crate) fn body(&self, body: Bytes) {
        if let Some(record) = lock(&self.shared.journal).record(self.number) {
            record.body = body;
        }
    }

    pub(crate) fn status(&self, status: u16) {
        if let Some(record) = lock(&self.shared.journal).record(self.number) {
            record.status = Some(status);
        }
    }

    /// The answer, or the fault in its place, is given.
    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if !self.ended
            && let Some(record) = lock(&self.shared.journal).record(self.number)
        {
            record.aborted = true;
        }
    }
}

fn flat(headers: &HeaderMap) -> Box<[u8]> {
    let mut lines = Vec::with_capacity(512);
    for (name, value) in headers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.push(b'\n');
        lines.extend_from_slice(value.as_bytes());
        lines.push(b'\n');
    }
    lines.into_boxed_slice()
}
