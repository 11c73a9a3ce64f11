//! The wire vectors, in Rust: a scripted server, calls through the public API, the
//! expected outcome and journal.

use std::path::Path;

use crate::cases::{check_error, same, text};
use crate::options::client;
use crate::own::Store;
use crate::receiving::Hook;
use crate::report::{Report, folder, read};
use crate::steps::{Known, take};
use crate::webhook;
use linktor::HeaderMap;
use linktor_sandbox::{Entry, Sandbox};
use serde_json::{Map, Value};

const OF_THE_TRANSPORT: [&str; 4] = ["host", "connection", "content-length", "accept-encoding"];

#[tokio::test]
async fn wire() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let mut report = Report::default();
    let mut files: Vec<_> = std::fs::read_dir(folder("wire"))
        .expect("the folder is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    for file in files {
        for case in read(&file) {
            sandbox.reset();
            let stem = file.file_stem().expect("a file has a name").to_string_lossy();
            report.add(&stem, &case, run(&sandbox, &case)).await;
        }
    }
    report.finish("rust");
}

async fn run(sandbox: &Sandbox, case: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let provider = case["client"].get("provider").map_or_else(|| "linktor".to_owned(), text);
    let case = &fill(case, sandbox, &provider, folder.path());
    let mut options = case["client"].as_object().expect("a case has a client").clone();
    if !options.contains_key("base_url") {
        options.insert("base_url".to_owned(), sandbox.base_url(&provider).into());
        if let Some(url) = sandbox.ready()["auth_urls"].get(&provider) {
            options.entry("auth_url").or_insert_with(|| url.clone());
        }
    }
    let store = case.get("token_store_own").map(Store::new);
    let make = || client(&options, case, store.as_ref());
    let mut client = match make() {
        Ok(client) => client,
        Err(error) => {
            let expected = case["expect"].get("error").ok_or_else(|| error.to_string())?;
            return check_error(expected, &error);
        }
    };
    if case.get("expect").is_some() {
        return Err("the client could be made".to_owned());
    }
    if let Some(script) = case.get("script") {
        sandbox.script(serde_json::from_value(script.clone()).expect("the script is one of the sandbox's"));
    }
    let mut known = Known::default();
    known.seen = webhook::deduplicator(case);
    known.store.clone_from(&store);
    if case.get("receiver").is_some() {
        known.hook = Some(Hook::serve(case, known.seen.clone()).await);
    }
    for (index, step) in case["calls"].as_array().expect("a case has calls").iter().enumerate() {
        if step.get("restart").is_some() {
            client.close();
            client = make().map_err(|error| error.to_string())?;
            continue;
        }
        let step = replace(step, &known.values);
        let outcome = take(&client, sandbox, &provider, &step, &mut known).await;
        outcome.map_err(|why| format!("step {}: {why}", index + 1))?;
    }
    match case.get("journal") {
        Some(expected) => {
            let expected = replace(expected, &known.values);
            check_journal(expected.as_array().expect("a journal is a list"), &sandbox.journal())
        }
        None => Ok(()),
    }
}

/// The case with its placeholders replaced, but for the script, which the sandbox reads.
fn fill(case: &Value, sandbox: &Sandbox, provider: &str, folder: &Path) -> Value {
    let mut values = vec![
        ("$sandbox".to_owned(), sandbox.url().to_owned()),
        ("$folder".to_owned(), folder.to_string_lossy().into_owned()),
    ];
    if let Some(credentials) = sandbox.ready()["credentials"][provider].as_object() {
        values.extend(credentials.iter().map(|(name, value)| (format!("${name}"), text(value))));
        // A longer name may begin with a shorter one.
        values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }
    replace(case, &values)
}

fn replace(value: &Value, values: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => values.iter().fold(text.clone(), |text, (name, value)| text.replace(name, value)).into(),
        Value::Array(list) => list.iter().map(|value| replace(value, values)).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), if key == "script" { value.clone() } else { replace(value, values) }))
            .collect(),
        other => other.clone(),
    }
}

fn check_journal(expected: &[Value], found: &[Entry]) -> Result<(), String> {
    if expected.len() != found.len() {
        let seen: Vec<_> = found.iter().map(|entry| format!("{} {}", entry.method, entry.path)).collect();
        return Err(format!("journal: expected {} requests, found {seen:?}", expected.len()));
    }
    for (expected, entry) in expected.iter().zip(found) {
        for (field, expected) in expected.as_object().expect("an entry is an object") {
            match field.as_str() {
                "method" => same("method", expected, &entry.method.clone().into())?,
                "path" => same("path", expected, &entry.path.clone().into())?,
                "query" => same("query", expected, &entry.query.clone().into())?,
                "body" => same("body", expected, &entry.body.clone().into())?,
                "json" => {
                    let body = entry.body.clone().unwrap_or_default();
                    same("json", expected, &serde_json::from_str(&body).unwrap_or(Value::Null))?;
                }
                "headers" => check_headers(expected.as_object().expect("headers are an object"), entry)?,
                other => panic!("a journal entry has no field {other}"),
            }
        }
    }
    Ok(())
}

fn check_headers(expected: &Map<String, Value>, entry: &Entry) -> Result<(), String> {
    let mut found = HeaderMap::new();
    for (name, value) in entry.headers.iter().filter(|(name, _)| !OF_THE_TRANSPORT.contains(&name.as_str())) {
        found.append(name.parse::<http::HeaderName>().expect("a header name"), value.parse().expect("a header value"));
    }
    for (name, value) in expected {
        let expected = text(value).replace("$language", "rust").replace("$version", env!("CARGO_PKG_VERSION"));
        let value = found.remove(name.as_str()).and_then(|value| value.to_str().map(str::to_owned).ok());
        let is_same = match value.as_deref() {
            Some(value) if expected == "$uuid" => uuid::Uuid::parse_str(value).is_ok(),
            value => value == Some(expected.as_str()),
        };
        if !is_same {
            return Err(format!("header {name}: expected {expected:?}, found {value:?}"));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(format!("headers beyond the expected: {found:?}")) }
}
