//! The unit vectors: pure rules, through the public API. What has no public face is made
//! visible by a transport that answers from the case.

use std::sync::{Arc, Mutex};

use crate::cases::{check_error, same, text};
use crate::report::run;
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use linktor::{Client, HeaderMap, Method, Payload, Provider, Request, Transport, TransportError};
use linktor::{TransportRequest, TransportResponse};
use serde_json::{Value, json};

/// Answers every request with the same, and remembers where it went.
#[derive(Clone)]
struct Fixed {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    url: Arc<Mutex<Option<String>>>,
}

impl Fixed {
    fn new(status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body, url: Arc::default() }
    }
}

impl Transport for Fixed {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        *self.url.lock().expect("not poisoned") = Some(request.url.to_string());
        let answer = TransportResponse::new(self.status, self.headers.clone(), self.body.clone());
        Box::pin(async move { Ok(answer) })
    }
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Value::Array(list) => list.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn url() {
    run("url", async |case| {
        let transport = Fixed::new(200, HeaderMap::new(), Vec::new());
        let client = Client::builder()
            .api_key("invented")
            .base_url(text(&case["base"]))
            .transport(transport.clone())
            .build()
            .map_err(|error| error.to_string())?;
        let mut request = Request::new(Method::GET, text(&case["path"]));
        request.path_params = pairs(&case["path_params"]);
        request.query = pairs(&case["query"]);
        let outcome = client.execute(request).await;
        let sent_to = transport.url.lock().expect("not poisoned").take();
        if case["error"] == true {
            same("sent to", &Value::Null, &sent_to.into())?;
            let error = outcome.expect_err("a request that was not sent has no answer");
            check_error(&json!({"kind": "invalid_request", "sent": "no", "attempts": 0}), &error)
        } else {
            same("url", &case["url"], &sent_to.clone().into()).map_err(|why| format!("{why} ({outcome:?})"))
        }
    })
    .await;
}

#[tokio::test]
async fn base_url() {
    run("base_url", async |case| {
        let outcome = Client::builder()
            .api_key("invented")
            .base_url(text(&case["url"]))
            .allow_insecure_http(case["allow_insecure_http"] == true)
            .build();
        match outcome {
            Ok(_) => same("ok", &case["ok"], &true.into()),
            Err(error) if case["ok"] == true => Err(error.to_string()),
            Err(error) => check_error(&json!({"kind": "config", "message_contains": case["error_contains"]}), &error),
        }
    })
    .await;
}

#[tokio::test]
async fn error_body() {
    run("error_body", async |case| {
        let headers = pairs(&case["headers"])
            .into_iter()
            .map(|(name, value)| (name.parse().expect("a header name"), value.parse().expect("a header value")))
            .collect();
        let body = match case["body_base64"].as_str() {
            Some(encoded) => {
                base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).expect("base64")
            }
            None => text(&case["body"]).into_bytes(),
        };
        let status = case["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status");
        let client = Client::builder()
            .provider(Provider::named(&text(&case["provider"])).expect("a known provider"))
            .api_key("invented")
            .max_retries(0)
            .transport(Fixed::new(status, headers, body))
            .build()
            .map_err(|error| error.to_string())?;
        let outcome = client.get("/anything").send().await;
        check_error(&case["error"], &outcome.err().ok_or("no error")?)
    })
    .await;
}

#[tokio::test]
async fn payload() {
    run("payload", async |case| {
        let provider = Provider::named(&text(&case["provider"])).expect("a known provider");
        let status = case["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status");
        let body = text(&case["body"]);
        match provider.payload(status, body.as_bytes()) {
            Err(error) => match case.get("error") {
                Some(expected) => check_error(expected, &error),
                None => Err(error.to_string()),
            },
            Ok(_) if case.get("error").is_some() => Err("no error".to_owned()),
            Ok(Payload::Nothing) => same("data", &case["data"], &Value::Null),
            Ok(Payload::EmptyList) => same("data", &case["data"], &json!([])),
            Ok(Payload::Span(span)) => {
                let found = serde_json::from_str(&body[span]).map_err(|error| error.to_string())?;
                same("data", &case["data"], &found)
            }
        }
    })
    .await;
}

#[tokio::test]
async fn page() {
    run("page", async |case| {
        let client = Client::builder()
            .provider(Provider::named(&text(&case["provider"])).expect("a known provider"))
            .api_key("invented")
            .transport(Fixed::new(200, HeaderMap::new(), case["body"].to_string().into_bytes()))
            .build()
            .map_err(|error| error.to_string())?;
        let page = client.paginate("/list").query(pairs(&case["query"])).pages().try_next().await;
        match page {
            Ok(Some(page)) if case.get("error").is_none() => {
                same("items", &case["items"], &page.items::<Value>().map_err(|error| error.to_string())?.into())?;
                same("next", &case["next"], &page.next().into())
            }
            Err(error) if case.get("error").is_some() => check_error(&case["error"], &error),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}
