//! What verifying a delivery costs, next to SHA-256 alone and to bare `hmac` + `sha2` with
//! a key made beforehand. Rounds are interleaved; medians and ranges.
//!
//! `CASE=early` (`late`, `first`, `second`, `listed_first`, `listed_last`) verifies one kind
//! of delivery 1,000 times, for `.ci/constant-time` to count the instructions of
//! [`verdict`].

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use linktor::webhook::{self, SignOptions, Verifier};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const ROUNDS: usize = 15;
const SECRET: &str = "invented-secret";
const NEW: &str = "whsec_bmV3LWludmVudGVkLXdlYmhvb2stc2VjcmV0";
const OLD: &str = "whsec_b2xkLWludmVudGVkLXdlYmhvb2stc2VjcmV0";

fn main() {
    match std::env::var("CASE") {
        Ok(case) => repeat(&case),
        Err(_) => compare(),
    }
}

/// The whole of what may depend on a signature.
#[inline(never)]
fn verdict(verifier: &Verifier, body: &[u8], headers: &HeaderMap) -> bool {
    black_box(verifier.verify_signature(black_box(body), black_box(headers))).is_ok()
}

fn repeat(case: &str) {
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
    let (verifier, headers, expected) = match case {
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

fn compare() {
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    let verifier = Verifier::new("libromi", SECRET).expect("a verifier");
    println!("ns: median (range); and of the hash alone");
    println!("{:>8} {:>28} {:>28} {:>28} {:>28}", "bytes", "SHA-256", "hmac + sha2", "verify_signature", "verify");
    for size in [256, 1024, 65_536] {
        let body =
            format!(r#"{{"type":"message.received","data":{{"text":"{}"}}}}"#, "x".repeat(size - 46)).into_bytes();
        assert_eq!(body.len(), size);
        let headers = webhook::sign("libromi", &body, SECRET, &SignOptions::default()).expect("signed");
        let signature = base16ct::lower::decode_vec(headers["x-libromi-signature"].as_bytes()).expect("hex");
        let shared = bytes::Bytes::from(body.clone());
        let repeats = 20_000_000 / (size + 1000);
        let mut rounds: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            rounds[0].push(timed(repeats, || Sha256::digest(black_box(&body)).len() == 32));
            rounds[1].push(timed(repeats, || {
                let tag = key.clone().chain_update(black_box(&body)).finalize().into_bytes();
                tag[..].ct_eq(black_box(&signature)).into()
            }));
            rounds[2].push(timed(repeats, || verdict(&verifier, &body, &headers)));
            rounds[3].push(timed(repeats, || {
                black_box(&verifier).verify(shared.clone(), &headers).is_ok_and(|event| event.event_type().is_some())
            }));
        }
        for round in &mut rounds {
            round.sort_by(f64::total_cmp);
        }
        let hash = rounds[0][ROUNDS / 2];
        let shown = rounds.iter().map(|round| {
            let median = round[ROUNDS / 2];
            let text = format!("{median:.0} ({:.0} to {:.0}) {:.2}×", round[0], round[ROUNDS - 1], median / hash);
            format!(" {text:>28}")
        });
        println!("{size:>8}{}", shown.collect::<String>());
    }
}

/// Nanoseconds of one call.
fn timed(repeats: usize, call: impl Fn() -> bool) -> f64 {
    let started = Instant::now();
    for _ in 0..repeats {
        assert!(call());
    }
    #[expect(clippy::cast_precision_loss, reason = "of a count")]
    let repeats = repeats as f64;
    started.elapsed().as_secs_f64() * 1e9 / repeats
}
