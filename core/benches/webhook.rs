//! Verifies one kind of delivery 1,000 times, for `.ci/constant-time` to count the
//! instructions of [`verdict`]: `CASE=early valgrind --tool=callgrind
//! --toggle-collect='webhook::verdict'` on this binary, built with its symbols. The cases
//! are `early` and `late`, `first` and `second`, `listed_first` and `listed_last`.

#![allow(clippy::expect_used, clippy::panic)]

use std::hint::black_box;

use http::HeaderMap;
use linktor::webhook::{self, SignOptions, Verifier};

const SECRET: &str = "invented-secret";
const NEW: &str = "whsec_bmV3LWludmVudGVkLXdlYmhvb2stc2VjcmV0";
const OLD: &str = "whsec_b2xkLWludmVudGVkLXdlYmhvb2stc2VjcmV0";

/// The whole of what may depend on a signature.
#[inline(never)]
fn verdict(verifier: &Verifier, body: &[u8], headers: &HeaderMap) -> bool {
    black_box(verifier.verify_signature(black_box(body), black_box(headers))).is_ok()
}

fn main() {
    let case = std::env::var("CASE").expect("CASE is set");
    let body = vec![b'x'; 1024];
    let options = SignOptions { id: Some("msg_1".to_owned()), timestamp: Some(std::time::SystemTime::now()) };
    let signed = |scheme: &str, secret: &str| {
        let options = if scheme == "libromi" { SignOptions::default() } else { options.clone() };
        webhook::sign(scheme, &body, secret, &options).expect("signed")
    };
    let changed = |place: usize| {
        let mut headers = signed("libromi", SECRET);
        let mut digits = headers["x-libromi-signature"].as_bytes().to_vec();
        digits[place] = if digits[place] == b'0' { b'1' } else { b'0' };
        headers.insert("x-libromi-signature", digits.try_into().expect("a header value"));
        headers
    };
    let listed = |secrets: [&str; 2]| {
        let mut headers = signed("standard_webhooks", NEW);
        let list = secrets.map(|secret| {
            let headers = signed("standard_webhooks", secret);
            headers["webhook-signature"].to_str().expect("visible ASCII").to_owned()
        });
        headers.insert("webhook-signature", list.join(" ").try_into().expect("a header value"));
        headers
    };
    let (verifier, headers, expected) = match case.as_str() {
        "early" => (Verifier::new("libromi", SECRET), changed(0), false),
        "late" => (Verifier::new("libromi", SECRET), changed(63), false),
        "first" => (Verifier::new("libromi", [SECRET, "another"]), signed("libromi", SECRET), true),
        "second" => (Verifier::new("libromi", ["another", SECRET]), signed("libromi", SECRET), true),
        "listed_first" => (Verifier::new("standard_webhooks", NEW), listed([NEW, OLD]), true),
        "listed_last" => (Verifier::new("standard_webhooks", NEW), listed([OLD, NEW]), true),
        other => panic!("there is no case {other}"),
    };
    let verifier = verifier.expect("a verifier");
    for _ in 0..1000 {
        assert_eq!(verdict(&verifier, &body, &headers), expected);
    }
}
