//! How long it takes to verify deliveries by their signature.

use std::hint::black_box;
use std::time::Instant;

use ::hmac::{Hmac, KeyInit, Mac};
use ::sha2::{Digest, Sha256};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use linktor::webhook::{SignOptions, Verifier, sign};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::Failure;

const SCHEME: &str = "libromi";
const SECRET: &str = "invented-secret";

pub(crate) fn linktor(count: u32, size: usize) -> Result<Value, Failure> {
    let verifier = Verifier::new(SCHEME, SECRET)?;
    timed(count, size, |body, headers| verifier.verify_signature(body, headers).is_ok())
}

/// By hand, with a key made beforehand.
pub(crate) fn hmac(count: u32, size: usize) -> Result<Value, Failure> {
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    timed(count, size, |body, headers| {
        let mut given = [0; 32];
        headers
            .get("x-libromi-signature")
            .and_then(|hex| base16ct::lower::decode(hex, &mut given).ok())
            .is_some_and(|given| key.clone().chain_update(body).finalize().into_bytes().ct_eq(given).into())
    })
}

/// The hash alone, which no check of a signature is faster than.
pub(crate) fn sha2(count: u32, size: usize) -> Result<Value, Failure> {
    timed(count, size, |body, _| Sha256::digest(body).len() == 32)
}

fn timed(count: u32, size: usize, is_genuine: impl Fn(&[u8], &HeaderMap) -> bool) -> Result<Value, Failure> {
    let filling = size.checked_sub(r#"{"content":""}"#.len()).ok_or("no JSON is so small")?;
    let body = json!({ "content": "x".repeat(filling) }).to_string().into_bytes();
    let headers = received(&body)?;
    let started = Instant::now();
    for _ in 0..count {
        if !is_genuine(black_box(&body), black_box(&headers)) {
            return Err("the signature is not of this body".into());
        }
    }
    Ok(json!({ "seconds": started.elapsed().as_secs_f64() }))
}

/// The headers of a delivery that came through a proxy.
fn received(body: &[u8]) -> Result<HeaderMap, Failure> {
    let mut headers = sign(SCHEME, body, SECRET, &SignOptions::default())?;
    headers.insert("content-length", body.len().into());
    for (name, value) in [
        ("host", "app.example.com"),
        ("user-agent", "sender/1.0"),
        ("accept", "*/*"),
        ("accept-encoding", "gzip, deflate"),
        ("content-type", "application/json"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "5b1f0c52-7a7e-4f0e-9d3c-000000000001"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(headers)
}
