//! The clients whose calls are measured, each made and used as its users do.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Failure;

const KEY: &str = "lk_invented_0123456789";
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Makes a call and decodes its answer.
pub(crate) trait Peer: Clone + Send + Sync + 'static {
    fn contacts(&self) -> impl Future<Output = Result<Answer, Failure>> + Send;
}

pub(crate) fn linktor(url: &str) -> Result<linktor::Client, Failure> {
    Ok(linktor::Client::builder().api_key(KEY).base_url(url).build()?)
}

impl Peer for linktor::Client {
    async fn contacts(&self) -> Result<Answer, Failure> {
        Ok(self.get("/contacts").send().await?.json()?)
    }
}

#[derive(Clone)]
pub(crate) struct Reqwest {
    client: reqwest::Client,
    url: String,
}

impl Reqwest {
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        // It takes the process's crypto provider, though nothing here is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization()?), (ACCEPT, JSON)]);
        let client = reqwest::Client::builder().default_headers(headers).no_proxy().build()?;
        Ok(Self { client, url: format!("{url}/contacts") })
    }
}

impl Peer for Reqwest {
    async fn contacts(&self) -> Result<Answer, Failure> {
        Ok(self.client.get(&self.url).send().await?.error_for_status()?.json().await?)
    }
}

#[derive(Clone)]
pub(crate) struct Hyper {
    client: Client<HttpConnector, Empty<Bytes>>,
    authorization: HeaderValue,
    url: String,
}

impl Hyper {
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { client, authorization: authorization()?, url: format!("{url}/contacts") })
    }
}

impl Peer for Hyper {
    async fn contacts(&self) -> Result<Answer, Failure> {
        let request = Request::get(&self.url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, JSON)
            .body(Empty::new())?;
        let response = self.client.request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("HTTP {}", response.status()).into());
        }
        Ok(serde_json::from_slice(&response.collect().await?.to_bytes())?)
    }
}

fn authorization() -> Result<HeaderValue, Failure> {
    Ok(format!("Bearer {KEY}").try_into()?)
}

/// What the bench-server answers.
#[derive(Deserialize)]
pub(crate) struct Answer {
    success: bool,
    data: Data,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for its price")]
struct Data {
    contacts: Vec<Contact>,
    total: usize,
    page: usize,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded for its price")]
struct Contact {
    id: String,
    name: String,
    email: String,
    phone: String,
    tags: Vec<String>,
    custom_fields: Map<String, Value>,
    is_blocked: bool,
    last_seen: Option<String>,
}

impl Answer {
    pub(crate) fn is_whole(&self) -> bool {
        self.success && self.data.contacts.len() == self.data.total
    }
}
