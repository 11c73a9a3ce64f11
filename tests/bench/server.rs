//! A bare HTTP/1.1 server on loopback that the clients of all languages are measured
//! against: one fixed answer of 1.3 KB to everything, after `?delay_ms=` where that is
//! asked for. Prints `{"url": …}`, and ends when its standard input closes.

use std::convert::Infallible;
use std::error::Error;
use std::io::{Write, copy, sink, stdin, stdout};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    writeln!(stdout(), "{}", json!({ "url": format!("http://{}", listener.local_addr()?) }))?;
    std::thread::spawn(|| {
        let _ = copy(&mut stdin(), &mut sink());
        std::process::exit(0);
    });
    let body = Bytes::from(body());
    loop {
        let (stream, _) = listener.accept().await?;
        // Without it a late packet, not a wrong one.
        let _ = stream.set_nodelay(true);
        let body = body.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, body.clone()));
            // Errors here are clients that left.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let delay = request.uri().query().and_then(|query| query.strip_prefix("delay_ms=")?.parse().ok());
    if let Some(delay) = delay {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A short list, as the API families send them.
fn body() -> String {
    let contacts: Vec<_> = (1..=5)
        .map(|number| {
            json!({
                "id": format!("5b1f0c52-7a7e-4f0e-9d3c-00000000000{number}"),
                "name": format!("Ada Lovelace {number}"),
                "email": format!("ada{number}@example.com"),
                "phone": format!("+4930901820{number}"),
                "tags": ["customer", "newsletter"],
                "custom_fields": { "score": 0.5, "visits": number },
                "is_blocked": false,
                "last_seen": null,
            })
        })
        .collect();
    json!({ "success": true, "data": { "contacts": contacts, "total": 5, "page": 1 } }).to_string()
}
