//! How a family pages its lists.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::envelope::{json_text, offset, raw_at};
use super::{Provider, texts};
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

/// Which page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    page: u64,
    size: Option<u64>,
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
    pub(crate) fn ask(&self, url: &mut Url, number: u64) -> Result<Asked, Error> {
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
        let mut size = None;
        if let Some((name, value)) = pairs.iter_mut().find(|(name, _)| *name == self.size_parameter) {
            let fitting = whole(name, value)?.min(self.max_size);
            *value = fitting.to_string();
            size = Some(fitting);
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
        Ok(Asked { page, size })
    }
}

impl Provider {
    /// The items of a page, and the number of the next; a `decode` error if there is no list.
    pub(crate) fn page(&self, asked: Asked, status: u16, body: &[u8]) -> Result<Found, Error> {
        self.payload(status, body)?;
        let text = json_text(body);
        let rules = &self.paging;
        let lists = rules.items.iter().filter_map(|pointer| raw_at(text, pointer));
        let list = lists.map(RawValue::get).find(|raw| raw.starts_with('[') || *raw == "null");
        let list = match list {
            None if text.is_empty() => "null",
            None => return Err(Error::new(ErrorKind::Decode, "the answer holds no list to page through")),
            Some(list) => list,
        };
        let is_empty = list == "null" || list[1..].trim_ascii_start().starts_with(']');
        if is_empty {
            return Ok(Found { items: None, next: None });
        }
        let current: Option<u64> = value_at(text, &rules.current);
        let size = value_at(text, &rules.size).or(asked.size);
        let is_more = value_at(text, &rules.has_next) == Some(true)
            || value_at(text, &rules.pages).is_some_and(|pages: u64| asked.page < pages)
            || value_at(text, &rules.total)
                .zip(size)
                .is_some_and(|(total, size): (u64, u64)| asked.page.saturating_mul(size) < total);
        let is_the_one = current.is_none_or(|current| current == asked.page);
        let start = offset(body, list.as_bytes());
        Ok(Found {
            items: Some(start..start + list.len()),
            next: (is_more && is_the_one).then(|| asked.page.saturating_add(1)),
        })
    }
}

fn value_at<T: DeserializeOwned>(text: &[u8], pointers: &[String]) -> Option<T> {
    pointers.iter().find_map(|pointer| serde_json::from_str(raw_at(text, pointer)?.get()).ok())
}
