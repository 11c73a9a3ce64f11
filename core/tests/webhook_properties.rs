//! What holds for any delivery: no panic whatever the bytes, and no mutation passes.
//! `PROPTEST_CASES` says how many of each are tried, per scheme.

#![allow(clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use linktor::webhook::{self, EventFields, Scheme, SignOptions, Signature, Verifier, Version};
use linktor::{ErrorKind, HeaderMap};
use proptest::prelude::*;
use serde_json::Value;

const NAMED: [&str; 8] = [
    "linktor",
    "linktor_body",
    "libromi",
    "api_v1",
    "api_v2",
    "standard_webhooks",
    "standard_webhooks_v1a",
    "x_hub_signature_256",
];
/// RFC 8032, 7.1, test 1.
const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5,
    0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
const PUBLIC: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72,
    0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// What signs under a scheme, and what verifies.
fn keys(scheme: &Scheme) -> (String, String) {
    match &scheme.signature {
        Signature::StandardWebhooks { version: Version::V1a, .. } => {
            (format!("whsk_{}", STANDARD.encode(SEED)), format!("whpk_{}", STANDARD.encode(PUBLIC)))
        }
        Signature::StandardWebhooks { .. } => {
            let secret = format!("whsec_{}", STANDARD.encode(SEED));
            (secret.clone(), secret)
        }
        _ => ("invented-secret".to_owned(), "invented-secret".to_owned()),
    }
}

fn cases() -> usize {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1000)
}

/// A delivery as it is signed, to be changed in one place.
#[derive(Clone)]
struct Delivery {
    body: Vec<u8>,
    headers: HeaderMap,
}

impl Delivery {
    fn header(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        let value = self.headers[name].to_str().expect("visible ASCII");
        let changed = change(value).parse().expect("a header value");
        self.headers.insert(name.parse::<http::HeaderName>().expect("a header name"), changed);
    }
}

/// One bit, byte, digit or second is another.
fn mutated(scheme: &Scheme, signed: &Delivery, random: &mut fastrand::Rng) -> Delivery {
    let mut other = signed.clone();
    let (signature, timestamp, id) = match &scheme.signature {
        Signature::Hmac { header, timestamp_header, .. } => (header, timestamp_header.as_ref(), None),
        Signature::StandardWebhooks { signature_header, timestamp_header, id_header, .. } => {
            (signature_header, Some(timestamp_header), Some(id_header))
        }
        _ => panic!("a kind of signature that this test does not know"),
    };
    let place = random.usize(..other.body.len());
    match random.u8(..6) {
        0 => other.body[place] ^= 1 << random.u8(..8),
        1 => drop(other.body.remove(place)),
        2 => other.body.insert(place, random.u8(..)),
        3 if timestamp.is_some() => other.header(timestamp.expect("a header"), |time| {
            let time: i64 = time.parse().expect("a number");
            (time + [-1, 1, 1000, -1000, 86_400][random.usize(..5)]).to_string()
        }),
        4 if id.is_some() => other.header(id.expect("a header"), |id| {
            let place = random.usize(..id.len());
            let old = id.as_bytes()[place];
            let new = if old == b'x' { 'y' } else { 'x' };
            format!("{}{new}{}", &id[..place], &id[place + 1..])
        }),
        _ => other.header(signature, |signature| match &scheme.signature {
            Signature::StandardWebhooks { .. } => {
                let (version, encoded) = signature.split_once(',').expect("a version");
                let mut bytes = STANDARD.decode(encoded).expect("base64");
                let place = random.usize(..bytes.len());
                bytes[place] ^= 1 << random.u8(..8);
                format!("{version},{}", STANDARD.encode(bytes))
            }
            _ => {
                let digits = signature.len() - 64;
                let mut bytes = base16ct::lower::decode_vec(&signature[digits..]).expect("hex");
                let place = random.usize(..bytes.len());
                bytes[place] ^= 1 << random.u8(..8);
                format!("{}{}", &signature[..digits], base16ct::lower::encode_string(&bytes))
            }
        }),
    }
    other
}

#[test]
fn no_mutation_of_a_delivery_passes() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for name in NAMED {
        let scheme = Scheme::named(name).expect("a named scheme");
        let (signing, verifying) = keys(&scheme);
        let verifier = Verifier::new(&scheme, verifying.as_str()).expect("a verifier");
        let body = br#"{"id":"evt_1","type":"message.received","data":{"content":"Ol\u00e1, 1.0 \/ 2","n":[1.0,2e3]}}"#;
        let headers = webhook::sign(&scheme, body, signing.as_str(), &SignOptions::default()).expect("signed");
        let signed = Delivery { body: body.to_vec(), headers };
        verifier.verify_signature(&signed.body, &signed.headers).expect("what was signed is verified");
        for number in 0..cases() {
            let other = mutated(&scheme, &signed, &mut random);
            // Two bytes alike may have changed places.
            if other.body == signed.body && other.headers == signed.headers {
                continue;
            }
            let verdict = verifier.verify_signature(&other.body, &other.headers);
            let error = verdict.expect_err(&format!("{name}: mutation {number} of seed {seed} passes"));
            assert_eq!(error.kind(), ErrorKind::WebhookVerification, "{name}: {error}");
        }
    }
}

fn scheme() -> impl Strategy<Value = Scheme> {
    let header = || prop::sample::select(vec!["x-a", "X-B", "webhook-id", "x-c"]).prop_map(str::to_owned);
    let place = prop::sample::select(vec!["", "/id", "/a/b", "/~0~1", "x-a", "X-Other"]).prop_map(str::to_owned);
    let places = prop::collection::vec(place, 0..3);
    let hmac = (header(), prop::option::of(Just("v0=".to_owned())), any::<bool>(), any::<bool>()).prop_map(
        |(header, prefix, optional, timed)| Signature::Hmac {
            header,
            prefix_optional: optional && prefix.is_some(),
            prefix,
            timestamp_header: timed.then(|| "x-time".to_owned()),
        },
    );
    let signature = prop_oneof![
        hmac,
        Just(Scheme::standard_webhooks().signature),
        Just(Scheme::standard_webhooks_v1a().signature),
    ];
    (signature, prop::option::of(places.clone()), places).prop_map(|(signature, id, event_type)| {
        let mut scheme = Scheme::new(signature);
        scheme.event = EventFields::default();
        scheme.event.id = id;
        scheme.event.event_type = event_type;
        scheme
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "\\PC{0,60}".prop_map(String::into_bytes),
        r#"\{"(id|type|timestamp|data)": ?(-?[0-9]{1,25}(\.[0-9]{1,3})?(e[0-9]{1,4})?|"[^"]{0,20}"|null|\[\]|\{\})\}"#
            .prop_map(String::into_bytes),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..100),
        "(v0=|sha256=)?[0-9a-fA-F]{60,68}".prop_map(String::into_bytes),
        "(v1a?,[A-Za-z0-9+/]{40,90}={0,2} ?){0,4}".prop_map(String::into_bytes),
        "[0-9]{0,25}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_refused_as_a_delivery(scheme in scheme(), body in body(), values in prop::collection::vec(value(), 6)) {
        let (_, verifying) = keys(&scheme);
        let verifier = Verifier::new(&scheme, verifying.as_str()).expect("a verifier");
        let names = ["x-a", "X-B", "Webhook-Id", "WEBHOOK-TIMESTAMP", "webhook-signature", "x-time"];
        let headers: Vec<_> = names.into_iter().zip(values).collect();
        let error = verifier.verify(body, &headers[..]).expect_err("nobody signed it");
        prop_assert_eq!(error.kind(), ErrorKind::WebhookVerification);
        prop_assert!(error.code().is_some());
    }

    #[test]
    fn whatever_was_signed_is_verified_and_read(scheme in scheme(), body in body(), other in value()) {
        let (signing, verifying) = keys(&scheme);
        let signed = webhook::sign(&scheme, &body, signing.as_str(), &SignOptions::default()).expect("signed");
        let mut headers: Vec<_> = signed.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        headers.push(("X-Other", &other));
        let event = webhook::verify(&scheme, body.clone(), &headers[..], verifying.as_str()).expect("verified");
        prop_assert_eq!(&event.bytes()[..], &body[..]);
        prop_assert!(event.id().is_none_or(|id| !id.trim().is_empty()));
        let _ = format!("{event:?}");
        let is_json = serde_json::from_slice::<Value>(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body)).is_ok();
        if event.data::<Value>().is_ok() {
            prop_assert!(is_json);
        }
    }

    #[test]
    fn a_scheme_is_the_same_after_a_way_through_json(scheme in scheme()) {
        let json = serde_json::to_string(&scheme).expect("plain data");
        prop_assert_eq!(Scheme::from_json(&json).expect("its own document"), scheme);
    }

    #[test]
    fn any_document_is_a_scheme_or_an_error(json in "\\PC{0,80}", header in "\\PC{0,10}", place in "\\PC{0,10}") {
        let _ = Scheme::from_json(&json);
        let document = serde_json::json!({"signature": {"kind": "hmac", "header": header}, "event": {"id": [place]}});
        if let Err(error) = Scheme::from_json(&document.to_string()) {
            prop_assert_eq!(error.kind(), ErrorKind::Config);
        }
    }
}
