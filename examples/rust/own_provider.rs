//! A sixth API: described once as data, in JSON or in code, and spoken to like the
//! built-in ones. The API itself, a parcel service, is invented and runs in this process.

use std::error::Error;

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::TryStreamExt;
use linktor::{Client, CredentialKind, Credentials, Provider, Refreshable, Scheme};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base_url = serve().await?;

    // The document works in every language: hand it to the option `provider`.
    let provider = Provider::from_json(include_str!("sixth_api.json"))?;
    assert_eq!(provider, in_code(), "the same, said twice");

    let client = Client::builder()
        .provider(provider)
        .base_url(base_url)
        .credentials(Credentials::password("clerk@example.com", "invented"))
        .build()?;
    let test = client.auth().test().await?;
    println!("valid: {}, {}", test.valid, test.data);
    println!("depot: {:?}", client.auth().session().and_then(|session| session.organization));

    let mut parcels = client.paginate("/parcels").query([("n", 2)]).items::<Value>();
    while let Some(parcel) = parcels.try_next().await? {
        println!("parcel {parcel}");
    }
    if let Err(error) = client.get("/lost").send().await {
        println!("{}, code {:?}: {}", error.kind(), error.code(), error.message());
    }
    Ok(())
}

/// The same provider as `sixth_api.json`.
fn in_code() -> Provider {
    let texts = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
    let mut parcels = Provider::new("parcels");
    parcels.credentials = vec![CredentialKind::ApiKey, CredentialKind::Password];
    parcels.headers.api_key = Scheme::Raw;
    parcels.headers.organization = Some("x-depot".to_owned());
    parcels.headers.request_id = Some("x-trace".to_owned());
    parcels.auth.login = Some("/login".to_owned());
    parcels.auth.test = Some(linktor::TestCall::of("/whoami"));
    parcels.auth.grant.access_token = texts(&["/session/token"]);
    parcels.auth.grant.expires_in = texts(&["/session/seconds"]);
    parcels.auth.grant.organization = texts(&["/depot"]);
    parcels.auth.grant.user = texts(&["/clerk"]);
    parcels.refreshable = Refreshable::Codes(texts(&["SESSION_OVER"]));
    parcels.envelope.keys = texts(&["data", "more"]);
    parcels.envelope.list_keys = texts(&["more"]);
    parcels.paging.page_parameter = "p".to_owned();
    parcels.paging.size_parameter = "n".to_owned();
    parcels.paging.max_size = 50;
    parcels.paging.has_next = texts(&["/more"]);
    parcels.errors.code = texts(&["/fault"]);
    parcels.errors.message = texts(&["/reason"]);
    parcels
}

/// The parcel service, on a free port.
async fn serve() -> std::io::Result<String> {
    type Answer = (StatusCode, Json<Value>);
    let is_known = |headers: &HeaderMap| {
        let has = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
        has("authorization", "Bearer parcel-token") && has("x-depot", "north")
    };
    let refused = || (StatusCode::UNAUTHORIZED, Json(json!({"fault": "SESSION_OVER", "reason": "log in again"})));
    let app = Router::new()
        .route(
            "/login",
            post(|Json(given): Json<Value>| async move {
                Json(json!({
                    "session": {"token": "parcel-token", "seconds": 600},
                    "depot": "north",
                    "clerk": {"email": given["email"]},
                }))
            }),
        )
        .route(
            "/whoami",
            get(move |headers: HeaderMap| async move {
                let known = (StatusCode::OK, Json(json!({"name": "Clerk"})));
                if is_known(&headers) { known } else { refused() }
            }),
        )
        .route(
            "/parcels",
            get(move |headers: HeaderMap, Query(query): Query<Vec<(String, String)>>| async move {
                if !is_known(&headers) {
                    return refused();
                }
                let number = |name: &str| -> usize {
                    query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok()).unwrap_or(1)
                };
                let (page, size) = (number("p"), number("n"));
                let all = ["P-1", "P-2", "P-3", "P-4", "P-5"];
                let rows: Vec<_> = all.iter().skip((page - 1) * size).take(size).collect();
                let answer: Answer = (StatusCode::OK, Json(json!({"data": rows, "more": page * size < all.len()})));
                answer
            }),
        )
        .fallback(|| async {
            (StatusCode::NOT_FOUND, Json(json!({"fault": "NO_SUCH_PARCEL", "reason": "it is lost"})))
        });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}
