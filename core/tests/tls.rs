//! TLS against a real server: trusted only when its certificate is, HTTP/2 where both
//! can.

#![allow(clippy::expect_used, clippy::panic)]

use std::convert::Infallible;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use linktor::{Client, ErrorKind, Sent};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server that answers with the version of HTTP that it was spoken to in; its base URL
/// and its certificate in PEM.
async fn server(protocols: &[&str]) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let pem = made.cert.pem();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the defaults")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key that fits");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let answer = service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
                Ok::<_, Infallible>(hyper::Response::new(format!("{:?}", request.version())))
            });
            tokio::spawn(async move {
                hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), answer)
                    .await
            });
        }
    });
    (format!("https://localhost:{port}/api"), pem)
}

async fn version(protocols: &[&str]) -> String {
    let (url, pem) = server(protocols).await;
    let client = Client::builder().api_key("invented").base_url(url).root_certificates(pem).build().expect("a client");
    let response = client.get("/x").send().await.expect("it is trusted");
    response.text().expect("a text").to_owned()
}

#[tokio::test]
async fn http_2_is_spoken_where_both_can() {
    assert_eq!(version(&["h2", "http/1.1"]).await, "HTTP/2.0");
    assert_eq!(version(&["http/1.1"]).await, "HTTP/1.1");
    assert_eq!(version(&[]).await, "HTTP/1.1");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let (url, _) = server(&["h2"]).await;
    let client = Client::builder().api_key("invented").base_url(url).build().expect("a client");
    let error = client.post("/x").send().await.expect_err("it is not trusted");
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connection, Sent::No));
}

#[test]
fn what_is_no_certificate_is_refused() {
    for pem in ["nonsense", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"] {
        let error = Client::builder()
            .api_key("invented")
            .base_url("https://api.example.com")
            .root_certificates(pem)
            .build()
            .expect_err("it cannot be used");
        assert!(error.message().contains("root_certificates"), "{error}");
    }
}
