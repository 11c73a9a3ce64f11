//! How a family pages its lists.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Provider, texts};
use crate::document::{Document, json_text, offset};
use crate::error::{Error, ErrorKind};

/// How lists are asked for by pages, and where an answer says that there are more.
///
/// The next page exists if any of `has_next`, `pages` and `total` says so, the page is
/// not empty, and the server did not answer another page than the one it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Paging {
    /// The query parameter that counts pages, from 1. Default: `page`.
    pub page_parameter: String,
    /// The query parameter for a page's size. Default: `per_page`.
    pub size_parameter: String,
    /// The largest size that is asked for. Default: 100.
    pub max_size: u64,
    /// JSON pointers to the list; the first that finds one is taken. Default: `/data`, or
    /// the whole body.
    pub items: Vec<String>,
    /// JSON pointers to the number of this page.
    pub current: Vec<String>,
    /// JSON pointers to the size of a page.
    pub size: Vec<String>,
    /// JSON pointers to a boolean: is there a next page?
    pub has_next: Vec<String>,
    /// JSON pointers to the number of pages.
    pub pages: Vec<String>,
    /// JSON pointers to the number of items in all pages.
    pub total: Vec<String>,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            page_parameter: "page".to_owned(),
            size_parameter: "per_page".to_owned(),
            max_size: 100,
            items: texts(&["/data", ""]),
            current: Vec::new(),
            size: Vec::new(),
            has_next: Vec::new(),
            pages: Vec::new(),
            total: Vec::new(),
        }
    }
}

/// What an answer holds of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where in the body the items are; nowhere if there are none.
    pub(crate) items: Option<Range<usize>>,
    pub(crate) next: Option<u64>,
}

impl Paging {
    /// Writes the page into the URL: `number`, or for 0 the one that the URL names, or
    /// the first. A size beyond the largest is cut down to it.
    pub(crate) fn ask(&self, url: &mut Url, number: u64) -> Result<u64, Error> {
        let mut pairs: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let whole = |name: &str, text: &str| {
            text.parse::<u64>().ok().filter(|&number| number > 0).ok_or_else(|| {
                Error::invalid_request(format!("the query parameter `{name}` must be a whole number from 1"))
            })
        };
        for name in [&self.page_parameter, &self.size_parameter] {
            if pairs.iter().filter(|(given, _)| given == name).count() > 1 {
                return Err(Error::invalid_request(format!("the query parameter `{name}` is given twice")));
            }
        }
        if let Some((name, value)) = pairs.iter_mut().find(|(name, _)| *name == self.size_parameter) {
            *value = whole(name, value)?.min(self.max_size).to_string();
        }
        let page = match pairs.iter_mut().find(|(name, _)| *name == self.page_parameter) {
            Some((name, value)) if number == 0 => whole(name, value)?,
            Some((_, value)) => {
                *value = number.to_string();
                number
            }
            None => {
                pairs.push((self.page_parameter.clone(), number.max(1).to_string()));
                number.max(1)
            }
        };
        url.query_pairs_mut().clear().extend_pairs(pairs);
        Ok(page)
    }
}

impl Provider {
    /// The items of a page, and the number of the next; a `decode` error if there is no list.
    pub(crate) fn page(&self, asked: u64, status: u16, body: &[u8]) -> Result<Found, Error> {
        self.payload(status, body)?;
        let text = json_text(body);
        let unlisted = || Error::new(ErrorKind::Decode, "the answer holds no list to page through");
        if text.is_empty() {
            return Ok(Found { items: None, next: None });
        }
        let document = Document::read(text).ok_or_else(unlisted)?;
        let rules = &self.paging;
        let mut lists = rules.items.iter().filter_map(|pointer| document.at(&pointer.as_str().into()));
        let list = lists.find(|raw| raw.starts_with('[') || *raw == "null").ok_or_else(unlisted)?;
        let is_empty = list == "null" || list[1..].trim_ascii_start().starts_with(']');
        if is_empty {
            return Ok(Found { items: None, next: None });
        }
        let current: Option<u64> = document.value_at(&rules.current);
        let count = || serde_json::from_str::<Vec<IgnoredAny>>(list).map_or(0, |items| items.len() as u64);
        let is_more = document.value_at(&rules.has_next) == Some(true)
            || document.value_at(&rules.pages).is_some_and(|pages: u64| asked < pages)
            || document.value_at(&rules.total).is_some_and(|total: u64| {
                // A server may give less than it was asked for: what it gave is what counts.
                let size = document.value_at(&rules.size).unwrap_or_else(count);
                asked.saturating_mul(size) < total
            });
        let is_the_one = current.is_none_or(|current| current == asked);
        let start = offset(body, list.as_bytes());
        Ok(Found {
            items: Some(start..start + list.len()),
            next: (is_more && is_the_one).then(|| asked.saturating_add(1)),
        })
    }
}
