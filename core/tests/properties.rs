//! What holds for any input: no panic, nothing leaves the base path, no header is split.

#![allow(clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use linktor::{Client, HeaderMap, Method, Provider, Request, Transport, TransportError};
use linktor::{TransportRequest, TransportResponse};
use proptest::prelude::*;

/// Answers with a body, and keeps the request.
#[derive(Clone)]
struct Fixed {
    status: u16,
    body: Vec<u8>,
    seen: Arc<Mutex<Option<TransportRequest>>>,
}

impl Fixed {
    fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, seen: Arc::default() }
    }

    fn client(&self, family: &str) -> Client {
        Client::builder()
            .provider(Provider::named(family).expect("a built-in family"))
            .api_key("invented")
            .base_url("https://api.example.com/v2")
            .max_retries(0)
            .transport(self.clone())
            .build()
            .expect("a valid client")
    }

    fn seen(&self) -> Option<TransportRequest> {
        self.seen.lock().expect("not poisoned").take()
    }
}

impl Transport for Fixed {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        *self.seen.lock().expect("not poisoned") = Some(request);
        let answer = TransportResponse::new(self.status, HeaderMap::new(), self.body.clone());
        async move { Ok(answer) }.boxed()
    }
}

fn execute(client: &Client, request: Request) -> Result<linktor::Response, linktor::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(client.execute(request))
}

fn family() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["linktor", "linkit", "libromi", "api_v1", "api_v2"])
}

/// Text that is likely to confuse a URL parser.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "..",
        ".",
        "/",
        "//",
        "\\",
        "%2e",
        "%2E%2e",
        "%2f",
        "%",
        "%00",
        "?",
        "#",
        "@",
        ":",
        "https://",
        "evil.example",
        "{id}",
        "{",
        "}",
        " ",
        "\t",
        "\r\n",
        "\0",
        "é",
        "users",
        "v2",
        ";",
        "&",
        "=",
        "+",
        "~",
        "[::1]",
        "\u{202e}",
    ]);
    prop_oneof![prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()), any::<String>(),]
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_body(family in family(), status in 300u16..600, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let error = execute(&Fixed::new(status, body).client(family), Request::new(Method::GET, "/x")).expect_err("not a 2xx");
        prop_assert_eq!(error.status(), Some(status));
        prop_assert!(!error.message().is_empty());
    }

    #[test]
    fn any_json_is_an_error_body_and_a_payload(family in family(), body in json(), status in prop::sample::select(vec![200u16, 400, 401, 429, 500])) {
        let _ = match execute(&Fixed::new(status, body.to_string().into_bytes()).client(family), Request::new(Method::GET, "/x")) {
            Ok(response) => response.data::<serde_json::Value>(),
            Err(error) => Err(error),
        };
    }

    #[test]
    fn no_path_or_parameter_leaves_the_base(path in nasty(), value in nasty(), query in nasty()) {
        let transport = Fixed::new(200, Vec::new());
        let mut request = Request::new(Method::GET, path);
        request.query = vec![("q".to_owned(), query)];
        if request.path.contains("{id}") {
            request.path_params = vec![("id".to_owned(), value)];
        }
        let outcome = execute(&transport.client("linktor"), request);
        match transport.seen() {
            Some(sent) => {
                prop_assert_eq!(sent.url.origin().ascii_serialization(), "https://api.example.com");
                prop_assert!(sent.url.path() == "/v2" || sent.url.path().starts_with("/v2/"), "{}", sent.url);
                prop_assert!(sent.url.username().is_empty() && sent.url.fragment().is_none());
            }
            None => prop_assert_eq!(outcome.expect_err("not sent").kind().as_str(), "invalid_request"),
        }
    }

    #[test]
    fn a_parameter_is_one_segment(value in nasty()) {
        let transport = Fixed::new(200, Vec::new());
        let mut request = Request::new(Method::GET, "/users/{id}/posts");
        request.path_params = vec![("id".to_owned(), value)];
        if execute(&transport.client("linktor"), request).is_ok() {
            let sent = transport.seen().expect("it was sent");
            let segments: Vec<_> = sent.url.path_segments().expect("a base").collect();
            prop_assert_eq!((segments.len(), segments[1], segments[3]), (4, "users", "posts"));
        }
    }

    #[test]
    fn no_header_is_split(name in nasty(), value in nasty(), organization in nasty(), id in nasty(), kind in nasty()) {
        let transport = Fixed::new(200, Vec::new());
        let mut request = Request::new(Method::POST, "/x");
        request.headers = vec![(name, value)];
        request.organization = Some(organization);
        request.request_id = Some(id);
        request.content_type = Some(kind);
        let outcome = execute(&transport.client("linkit"), request);
        match transport.seen() {
            Some(sent) => for value in sent.headers.values() {
                prop_assert!(value.as_bytes().iter().all(|byte| !matches!(byte, b'\r' | b'\n' | 0) && byte.is_ascii()));
            },
            None => {
                let error = outcome.expect_err("not sent");
                prop_assert!(matches!(error.kind().as_str(), "config" | "invalid_request"), "{error}");
            }
        }
    }

    #[test]
    fn any_key_is_sent_or_refused_and_never_shown(key in nasty()) {
        let outcome = Client::builder().api_key(key.as_str()).base_url("https://api.example.com").transport(Fixed::new(200, Vec::new())).build();
        if let Err(error) = outcome {
            prop_assert_eq!(error.kind().as_str(), "config");
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    let key = prop::sample::select(vec![
        "error",
        "message",
        "code",
        "details",
        "errors",
        "status",
        "success",
        "data",
        "meta",
        "pagination",
        "error_code",
        "retry_after",
    ]);
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}
