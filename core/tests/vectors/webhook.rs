//! The steps about webhooks: pure functions, and a deduplicator.

use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use linktor::webhook::{self, Begun, Event, EventType, MemoryDeduplicator, Scheme, Secrets, SignOptions, Verifier};
use linktor::{Clock, Error, ErrorKind, HeaderMap, Provider};
use serde_json::{Value, json};

use crate::cases::{check_error, same, text};
use crate::options::seconds;

pub(crate) fn check(step: &Value, seen: &MemoryDeduplicator) -> Result<(), String> {
    let id = || step["id"].as_str().expect("an id");
    match step["webhook"].as_str().expect("a step has a name") {
        "verify" => verify(step),
        "verify_signature" => {
            agree(step, |verifier, body, headers| verifier.verify_signature(body, headers), |()| Ok(()))
        }
        "sign" => sign(step),
        "event_types" => {
            let mut names: Vec<_> = EventType::ALL.iter().map(EventType::as_str).collect();
            names.sort_unstable();
            same("types", &step["expect"]["types"], &names.into())
        }
        "begin" => ended(step, seen.begin(id()), |begun: Begun| {
            same("value", &step["expect"]["value"], &begun.as_str().into())
        }),
        "commit" => ended(step, seen.commit(id()), |()| Ok(())),
        "release" => ended(step, seen.release(id()), |()| Ok(())),
        other => panic!("a webhook step is not called {other}"),
    }
}

fn verify(step: &Value) -> Result<(), String> {
    agree(
        step,
        |verifier, body, headers| verifier.verify(body.to_vec(), headers),
        |event: Event| {
            for (field, expected) in step["expect"].as_object().into_iter().flatten() {
                let found = match field.as_str() {
                    "id" => event.id().into(),
                    "type" => event.event_type().map(EventType::as_str).into(),
                    "organization" => event.organization().into(),
                    "timestamp" => event.timestamp().map(epoch_seconds).into(),
                    "data" => match (event.data::<Value>(), expected.get("error")) {
                        (Err(error), Some(expected)) => {
                            check_error(expected, &error)?;
                            continue;
                        }
                        (data, None) => data.map_err(|error| error.to_string())?,
                        (Ok(data), Some(_)) => return Err(format!("data could be read: {data}")),
                    },
                    other => panic!("an event has no field {other}"),
                };
                match (field.as_str(), expected.as_f64(), found.as_f64()) {
                    ("timestamp", Some(expected), Some(found)) if (expected - found).abs() < 1e-6 => {}
                    _ => same(field, expected, &found)?,
                }
            }
            Ok(())
        },
    )
}

/// The same verdict over a list of headers and over a map, where one can hold them.
fn agree<T: std::fmt::Debug>(
    step: &Value,
    verify: impl Fn(&Verifier, &[u8], &dyn webhook::Headers) -> Result<T, Error>,
    compare: impl Fn(T) -> Result<(), String>,
) -> Result<(), String> {
    let verifier = match verifier(step) {
        Ok(verifier) => verifier,
        Err(error) => return ended(step, Err::<T, _>(error), compare),
    };
    let body = bytes(step, "body");
    let pairs: Vec<(String, String)> = step["headers"]
        .as_array()
        .expect("headers are a list")
        .iter()
        .map(|pair| (text(&pair[0]), text(&pair[1])))
        .collect();
    ended(step, verify(&verifier, &body, &pairs), &compare)?;
    let mut map = HeaderMap::new();
    for (name, value) in &pairs {
        let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), http::HeaderValue::from_bytes(value.as_bytes()))
        else {
            return Ok(());
        };
        map.append(name, value);
    }
    ended(step, verify(&verifier, &body, &map), compare).map_err(|why| format!("from a map: {why}"))
}

pub(crate) fn verifier(step: &Value) -> Result<Verifier, Error> {
    let mut builder = Verifier::builder(scheme(&step["scheme"])?, secrets(&step["secret"]));
    if let Some(tolerance) = step.get("tolerance") {
        // No `Duration` is below zero: what is refused elsewhere cannot be said here.
        let tolerance = Duration::try_from_secs_f64(tolerance.as_f64().expect("seconds"))
            .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        builder = builder.tolerance(tolerance);
    }
    if let Some(limit) = step.get("size_limit").and_then(Value::as_u64) {
        builder = builder.size_limit(usize::try_from(limit).expect("a size"));
    }
    if let Some(now) = step.get("now") {
        builder = builder.clock(At(SystemTime::UNIX_EPOCH + seconds(now)));
    }
    builder.build()
}

fn sign(step: &Value) -> Result<(), String> {
    let options = SignOptions {
        id: step.get("id").map(text),
        timestamp: step.get("timestamp").map(|at| match at.as_f64().expect("a time") {
            before if before < 0.0 => SystemTime::UNIX_EPOCH - Duration::from_secs_f64(-before),
            since => SystemTime::UNIX_EPOCH + Duration::from_secs_f64(since),
        }),
    };
    let outcome = scheme(&step["scheme"])
        .and_then(|scheme| webhook::sign(&scheme, &bytes(step, "body"), secrets(&step["secret"]), &options));
    ended(step, outcome, |headers| {
        let Some(expected) = step["expect"].get("headers") else { return Ok(()) };
        let lower = |name: &String| name.to_ascii_lowercase();
        let expected: Value =
            expected.as_object().expect("headers").iter().map(|(name, value)| (lower(name), value.clone())).collect();
        let found = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), Value::from(value.to_str().expect("visible ASCII"))));
        same("headers", &expected, &found.collect())
    })
}

/// The headers that sign a delivery to the receiver: with its secret, with another, or none.
pub(crate) fn signed(receiver: &Value, delivery: &Value) -> HeaderMap {
    let secret = delivery.get("secret").unwrap_or(&receiver["secret"]);
    if secret.is_null() {
        return HeaderMap::new();
    }
    let timestamp = delivery.get("timestamp").map(|at| SystemTime::UNIX_EPOCH + seconds(at));
    let options = SignOptions { id: delivery.get("id").map(text), timestamp };
    let scheme = scheme(&receiver["scheme"]).expect("a scheme");
    let body = text(&delivery["receive"]);
    webhook::sign(&scheme, body.as_bytes(), secrets(secret), &options).expect("it can be signed")
}

fn ended<T: std::fmt::Debug>(
    step: &Value,
    outcome: Result<T, Error>,
    compare: impl FnOnce(T) -> Result<(), String>,
) -> Result<(), String> {
    match (outcome, step["expect"].get("error")) {
        (Ok(value), None) => compare(value),
        (Err(error), Some(expected)) => check_error(expected, &error),
        (outcome, expected) => Err(format!("expected {expected:?}, found {outcome:?}")),
    }
}

fn scheme(given: &Value) -> Result<Scheme, Error> {
    match given {
        Value::String(name) => Scheme::named(name),
        document if document.get("credentials").is_some() => {
            Scheme::try_from(&Provider::from_json(&document.to_string())?)
        }
        document => Scheme::from_json(&document.to_string()),
    }
}

fn secrets(given: &Value) -> Secrets {
    let one = |secret: &Value| match secret {
        Value::String(text) => text.clone().into_bytes(),
        encoded => STANDARD.decode(text(&encoded["base64"])).expect("base64"),
    };
    match given {
        Value::Array(list) => list.iter().map(one).collect::<Vec<_>>().into(),
        single => [one(single)].into(),
    }
}

fn bytes(step: &Value, field: &str) -> Vec<u8> {
    match step.get(field) {
        Some(body) => text(body).into_bytes(),
        None => STANDARD.decode(text(&step[format!("{field}_base64")])).expect("base64"),
    }
}

fn epoch_seconds(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// A clock that stands still.
struct At(SystemTime);

impl Clock for At {
    fn monotonic(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        self.0
    }
}

/// The case's own deduplicator.
pub(crate) fn deduplicator(case: &Value) -> MemoryDeduplicator {
    match case.get("deduplicator").unwrap_or(&json!({}))["capacity"].as_u64() {
        Some(capacity) => {
            MemoryDeduplicator::with_capacity(usize::try_from(capacity).expect("a capacity")).expect("not 0")
        }
        None => MemoryDeduplicator::new(),
    }
}
