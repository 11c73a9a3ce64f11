//! The wire vectors, in Rust: a scripted server, calls through the public API, the
//! expected outcome and journal.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cases::{Report, check_error, folder, read, same, text};
use linktor::{Client, ClientBuilder, Credentials, Error, HeaderMap, Method, Provider, Request, Response, Token};
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
            let name = format!("{stem}/{}", text(&case["name"]));
            report.add(&name, run(&sandbox, &case).await);
        }
    }
    let line = format!("vectors rust: {} passed, {} failed", report.passed, report.failures.len());
    let target = folder("../../target/vectors");
    std::fs::create_dir_all(&target).expect("the folder can be made");
    std::fs::write(target.join("rust.txt"), format!("{line}\n")).expect("the line can be written");
    report.finish();
}

async fn run(sandbox: &Sandbox, case: &Value) -> Result<(), String> {
    let case = &fill(case, sandbox);
    let mut options = case["client"].as_object().expect("a case has a client").clone();
    let provider = options.get("provider").map_or_else(|| "linktor".to_owned(), text);
    options.entry("base_url").or_insert_with(|| sandbox.base_url(&provider).into());
    let client = match client(&options, case.get("token_source")) {
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
    for (index, call) in case["calls"].as_array().expect("a case has calls").iter().enumerate() {
        let outcome = make(&client, call).await;
        check(&call["expect"], outcome).map_err(|why| format!("call {}: {why}", index + 1))?;
    }
    match case.get("journal") {
        Some(expected) => check_journal(expected.as_array().expect("a journal is a list"), &sandbox.journal()),
        None => Ok(()),
    }
}

/// The case with its placeholders replaced, but for the script, which the sandbox reads.
fn fill(case: &Value, sandbox: &Sandbox) -> Value {
    let provider = case["client"].get("provider").map_or_else(|| "linktor".to_owned(), text);
    let mut values = vec![("$sandbox".to_owned(), sandbox.url().to_owned())];
    if let Some(credentials) = sandbox.ready()["credentials"][&provider].as_object() {
        values.extend(credentials.iter().map(|(name, value)| (format!("${name}"), text(value))));
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

fn client(options: &Map<String, Value>, source: Option<&Value>) -> Result<Client, Error> {
    let mut builder = builder(options)?;
    if let Some(source) = source {
        let results = source.as_array().expect("a source is a list").clone();
        let asked = AtomicUsize::new(0);
        builder = builder.credentials(Credentials::source(move || {
            let at = asked.fetch_add(1, Ordering::Relaxed).min(results.len() - 1);
            let result = results[at].clone();
            async move {
                match (result.as_str(), result.get("error")) {
                    (Some(token), _) => Ok(Token::new(token)),
                    (None, Some(error)) => Err(text(error)),
                    (None, None) => {
                        let token = Token::new(text(&result["token"]));
                        Ok(match result.get("expires_in") {
                            Some(life) => token.expires_in(seconds(life)),
                            None => token,
                        })
                    }
                }
            }
        }));
    }
    builder.build()
}

async fn make(client: &Client, call: &Value) -> Result<Response, Error> {
    let method = Method::from_bytes(text(&call["method"]).as_bytes()).expect("a method");
    let mut request = Request::new(method, text(&call["path"]));
    for (field, value) in call.as_object().expect("a call is an object") {
        match field.as_str() {
            "method" | "path" | "expect" => {}
            "query" => request.query = pairs(value),
            "headers" => request.headers = pairs(value),
            "path_params" => request.path_params = pairs(value),
            "json" => {
                request.body = value.to_string().into();
                request.content_type.get_or_insert_with(|| "application/json".to_owned());
            }
            "content" => request.body = text(value).into(),
            "content_type" => request.content_type = Some(text(value)),
            "organization_id" => request.organization = Some(text(value)),
            "request_id" => request.request_id = Some(text(value)),
            "timeout" => request.timeout = Some(seconds(value)),
            "deadline" => request.deadline = Some(seconds(value)),
            other => panic!("a call has no field {other}"),
        }
    }
    client.execute(request).await
}

fn pairs(object: &Value) -> Vec<(String, String)> {
    let object = object.as_object().expect("an object");
    let texts = |value: &Value| match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => vec![text(one)],
    };
    object.iter().flat_map(|(key, value)| texts(value).into_iter().map(move |value| (key.clone(), value))).collect()
}

fn check(expect: &Value, outcome: Result<Response, Error>) -> Result<(), String> {
    let Some(expect) = expect.as_object() else { return outcome.map(drop).map_err(|error| error.to_string()) };
    let wanted = |field: &str| expect.contains_key(field);
    let response = match outcome {
        Ok(response) => response,
        Err(error) => {
            return match expect.get("error") {
                Some(expected) => check_error(expected, &error),
                None => Err(error.to_string()),
            };
        }
    };
    if let Some(expected) = expect.get("error") {
        // A 2xx whose envelope reports a failure shows when its data is read.
        let error = response.data::<Value>().err().ok_or("the call succeeded")?;
        return check_error(expected, &error);
    }
    for (field, expected) in expect {
        let found: Value = match field.as_str() {
            "status" => response.status().into(),
            "attempts" => response.attempts().into(),
            "request_id" => response.request_id().into(),
            "text" => response.text().map_err(|error| error.to_string())?.into(),
            "json" => response.json().map_err(|error| error.to_string())?,
            "data" => response.data().map_err(|error| error.to_string())?,
            other => panic!("an expectation has no field {other}"),
        };
        same(field, expected, &found)?;
    }
    assert!(wanted("status") || !expect.is_empty(), "an expectation is empty");
    Ok(())
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

/// A client's builder from a case's options.
fn builder(options: &Map<String, Value>) -> Result<ClientBuilder, Error> {
    let mut builder = Client::builder();
    for (name, value) in options {
        builder = match name.as_str() {
            "provider" => builder.provider(Provider::named(&text(value))?),
            "api_key" => builder.api_key(text(value)),
            "access_token" => builder.credentials(Credentials::bearer(text(value))),
            "anonymous" => builder.credentials(Credentials::none()),
            "base_url" => builder.base_url(text(value)),
            "organization" => builder.organization(text(value)),
            "client_version" => builder.client_version(text(value)),
            "proxy" => builder.proxy(text(value)),
            "allow_insecure_http" => builder.allow_insecure_http(value == &Value::Bool(true)),
            "timeout" => builder.timeout(seconds(value)),
            "connect_timeout" => builder.connect_timeout(seconds(value)),
            "deadline" => builder.deadline(seconds(value)),
            "max_connections" => {
                builder.max_connections(value.as_u64().unwrap_or_default().try_into().unwrap_or_default())
            }
            "headers" => value
                .as_object()
                .expect("headers are an object")
                .iter()
                .fold(builder, |builder, (name, value)| builder.header(name, text(value))),
            other => panic!("a client has no option {other}"),
        };
    }
    Ok(builder)
}

/// Seconds as a duration; what Rust's type cannot hold (a negative number) is zero.
fn seconds(value: &Value) -> std::time::Duration {
    std::time::Duration::try_from_secs_f64(value.as_f64().expect("seconds are a number")).unwrap_or_default()
}
