//! Lists that come by pages: as a stream of items, or of pages.

use std::time::Duration;

use futures_util::stream::{self, Stream, TryStreamExt};
use http::Method;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::request::Request;
use crate::response::Response;

/// Reads a list page by page: see [`Client::paginate`].
///
/// The first page is the one that the query names (`page`), else the first; a size
/// beyond the family's largest is cut down to it. The query goes with every page.
#[derive(Debug, Clone)]
#[must_use = "pages are read by `items()` or `pages()`"]
pub struct Paginator {
    client: Client,
    request: Request,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page(Response);

impl Paginator {
    pub(crate) fn new(client: Client, path: String) -> Self {
        let mut request = Request::new(Method::GET, path);
        request.page = Some(0);
        Self { client, request }
    }

    /// Gives the placeholder `{name}` of the path its value, percent-encoded.
    pub fn path_param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.request.path_params.push((name.into(), value.to_string()));
        self
    }

    /// Adds query parameters; a repeated name is sent repeatedly.
    pub fn query<K: Into<String>, V: ToString>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        self.request.query.extend(pairs.into_iter().map(|(key, value)| (key.into(), value.to_string())));
        self
    }

    /// Adds a header to every page's request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// The organization of all pages, before the client's.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.request.organization = Some(id.into());
        self
    }

    /// How long one attempt at a page may take, before the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request.timeout = Some(timeout);
        self
    }

    /// How long a page may take, renewals and waits included, before the client's.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.request.deadline = Some(deadline);
        self
    }

    /// How often a page is asked for again at most, before the client's.
    pub fn max_retries(mut self, count: u32) -> Self {
        self.request.max_retries = Some(count);
        self
    }

    /// The longest hint or queue that a page waits for, before the client's.
    pub fn max_retry_wait(mut self, wait: Duration) -> Self {
        self.request.max_retry_wait = Some(wait);
        self
    }

    /// All pages, each asked for when it is polled for. An error ends the stream.
    pub fn pages(self) -> impl Stream<Item = Result<Page, Error>> + Unpin + Send {
        let Self { client, request } = self;
        let pages = stream::try_unfold(Some(request), move |request| {
            let client = client.clone();
            async move {
                let Some(mut request) = request else { return Ok(None) };
                let response = client.execute(request.clone()).await?;
                let next = response.next_page().map(|number| {
                    request.page = Some(number);
                    request
                });
                Ok(Some((Page(response), next)))
            }
        });
        Box::pin(pages)
    }

    /// All items of all pages; a `decode` error where one is no `T`. An error ends the
    /// stream.
    pub fn items<T: DeserializeOwned + Send + 'static>(self) -> impl Stream<Item = Result<T, Error>> + Unpin + Send {
        let items = self
            .pages()
            .and_then(|page| std::future::ready(page.items::<T>()))
            .map_ok(|items| stream::iter(items.into_iter().map(Ok)))
            .try_flatten();
        Box::pin(items)
    }
}

impl Page {
    /// Its items; a `decode` error where one is no `T`.
    pub fn items<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        self.0.items()
    }

    /// The number of the next page, if there is one.
    pub fn next(&self) -> Option<u64> {
        self.0.next_page()
    }

    /// The answer that brought it.
    pub fn response(&self) -> &Response {
        &self.0
    }
}
