//! The steps of a case: requests, and what else a user does with a client.

use std::time::{Duration, UNIX_EPOCH};

use crate::cases::{between, check_error, check_rate_limit, same, text};
use crate::options::{credentials, seconds};
use crate::own::Store;
use crate::receiving::Hook;
use crate::webhook;
use futures_util::TryStreamExt;
use linktor::webhook::MemoryDeduplicator;
use linktor::{AuthorizationRequest, Client, Error, Method, Request, Response, Secret, SessionInfo, jwt};
use linktor_sandbox::Sandbox;
use serde_json::{Map, Value, json};

/// What steps hand on to later ones.
#[derive(Default)]
pub(crate) struct Known {
    consent: Option<AuthorizationRequest>,
    /// The webhook events that were begun.
    pub(crate) seen: MemoryDeduplicator,
    /// The token store of the case's own.
    pub(crate) store: Option<Store>,
    /// What receives its deliveries.
    pub(crate) hook: Option<Hook>,
    /// Placeholders that steps give a value.
    pub(crate) values: Vec<(String, String)>,
}

/// Makes one step.
pub(crate) async fn take(
    client: &Client,
    sandbox: &Sandbox,
    provider: &str,
    step: &Value,
    known: &mut Known,
) -> Result<(), String> {
    let expect = &step["expect"];
    if let Some(call) = step.get("auth") {
        auth(client, &text(call), step, known).await
    } else if step.get("authorize").is_some() {
        authorize(known).await
    } else if let Some(path) = step.get("paginate") {
        paginate(client, &text(path), step).await
    } else if let Some(what) = step.get("jwt") {
        check_jwt(&text(what), step)
    } else if step.get("webhook").is_some() {
        webhook::check(step, &known.seen)
    } else if step.get("store").is_some() {
        known.store.as_ref().expect("the case has a store of its own").take(step).await
    } else if step.get("receive").is_some() {
        known.hook.as_ref().expect("the case has a receiver").deliver(step).await
    } else if let Some(class) = step.get("rate_limit") {
        match (client.rate_limit(class.as_str()), expect.get("error")) {
            (Ok(found), None) => check_rate_limit(&expect["rate_limit"], found.as_ref()),
            (Err(error), Some(expected)) => check_error(expected, &error),
            (outcome, _) => Err(format!("{outcome:?}")),
        }
    } else if let Some(name) = step.get("control") {
        let mut with = step.get("with").and_then(Value::as_object).cloned().unwrap_or_default();
        if name != "clock" {
            with.entry("family").or_insert_with(|| provider.into());
        }
        sandbox.control(&text(name), Value::Object(with))
    } else if let Some(pause) = step.get("sleep") {
        tokio::time::sleep(seconds(pause)).await;
        Ok(())
    } else {
        check(expect, make(client, step).await)
    }
}

async fn make(client: &Client, call: &Value) -> Result<Response, Error> {
    let method = Method::from_bytes(text(&call["method"]).as_bytes()).expect("a method");
    let mut request = Request::new(method, text(&call["path"]));
    for (field, value) in call.as_object().expect("a call is an object") {
        match field.as_str() {
            "method" | "path" | "expect" | "with_organization" | "with_credentials" => {}
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
            "max_retries" => request.max_retries = value.as_u64().and_then(|count| count.try_into().ok()),
            "max_retry_wait" => request.max_retry_wait = Some(seconds(value)),
            "idempotent" => request.idempotent = value.as_bool(),
            "idempotency_key" => request.idempotency_key = Some(text(value)),
            other => panic!("a call has no field {other}"),
        }
    }
    let mut client = client.clone();
    if let Some(id) = call.get("with_organization") {
        client = client.with_organization(&text(id))?;
    }
    if let Some(options) = call.get("with_credentials") {
        let options = options.as_object().expect("credentials are an object");
        client = client.with_credentials(credentials(options).expect("a credential"))?;
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
            "rate_limit" => {
                check_rate_limit(expected, response.rate_limit())?;
                continue;
            }
            "waited" => {
                between(field, expected, response.waited())?;
                continue;
            }
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

async fn auth(client: &Client, call: &str, step: &Value, known: &mut Known) -> Result<(), String> {
    let (auth, expect) = (client.auth(), &step["expect"]);
    match call {
        "login" => check_value(expect, auth.login().await.map(|info| session(&info))),
        "refresh" => check_value(expect, auth.refresh().await.map(|info| session(&info))),
        "test" => check_value(expect, auth.test().await.map(|test| json!(test))),
        "session" => check_value(expect, Ok(auth.session().map_or(Value::Null, |info| session(&info)))),
        "invalidate" => {
            auth.invalidate();
            Ok(())
        }
        "authorize_url" => {
            let scopes: Vec<_> = step["scopes"].as_array().into_iter().flatten().map(text).collect();
            let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
            match auth.authorize_url(&scopes, &text(&step["redirect_uri"])) {
                Err(error) => check_error(expect.get("error").ok_or_else(|| error.to_string())?, &error),
                Ok(request) => {
                    let query = query(&request.url);
                    known.values.extend([
                        ("$state".to_owned(), request.state.clone()),
                        ("$verifier".to_owned(), request.verifier.expose().to_owned()),
                        ("$challenge".to_owned(), query["code_challenge"].as_str().unwrap_or_default().to_owned()),
                    ]);
                    let url = request.url.clone();
                    known.consent = Some(request);
                    match expect.get("url") {
                        Some(expected) => check_url(&text(expected), &url),
                        None => Ok(()),
                    }
                }
            }
        }
        "exchange_code" => {
            let written = json!(known.consent.as_ref().expect("authorize_url came before")).to_string();
            let request = serde_json::from_str(&written).expect("it reads what it wrote");
            let outcome = auth.exchange_code(&text(&step["callback"]), &request).await;
            check_value(expect, outcome.map(|info| session(&info)))
        }
        other => panic!("auth has no call {other}"),
    }
}

/// The user agrees: where the server sends them back to.
async fn authorize(known: &mut Known) -> Result<(), String> {
    let url = &known.consent.as_ref().expect("authorize_url came before").url;
    let answer = plain_http().get(url).send().await.map_err(|error| error.to_string())?;
    let callback = answer.headers().get("location").and_then(|to| to.to_str().ok()).ok_or("no redirect")?;
    known.values.push(("$callback".to_owned(), callback.to_owned()));
    Ok(())
}

/// Follows no redirect, and asks no proxy.
pub(crate) fn plain_http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .tls_backend_preconfigured(no_tls())
        .build()
        .expect("a client can be made")
}

fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the default versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

async fn paginate(client: &Client, path: &str, step: &Value) -> Result<(), String> {
    let mut list = client.paginate(path);
    for (field, value) in step.as_object().expect("a step is an object") {
        list = match field.as_str() {
            "paginate" | "expect" => list,
            "query" => list.query(pairs(value)),
            "headers" => pairs(value).into_iter().fold(list, |list, (name, value)| list.header(name, value)),
            "organization_id" => list.organization(text(value)),
            other => panic!("paginate has no field {other}"),
        };
    }
    let (mut items, mut found) = (list.items::<Value>(), Vec::new());
    let error = loop {
        match items.try_next().await {
            Ok(Some(item)) => found.push(item),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let expect = &step["expect"];
    if let Some(expected) = expect.get("items") {
        same("items", expected, &found.into())?;
    }
    match (error, expect.get("error")) {
        (None, None) => Ok(()),
        (Some(error), Some(expected)) => check_error(expected, &error),
        (Some(error), None) => Err(error.to_string()),
        (None, Some(_)) => Err("all pages were read".to_owned()),
    }
}

fn check_jwt(what: &str, step: &Value) -> Result<(), String> {
    let secret = Secret::from(text(&step["secret"]));
    let issuer = step.get("issuer").map(text);
    let now = step.get("now").map(|now| UNIX_EPOCH + seconds(now));
    let expect = &step["expect"];
    let outcome = match what {
        "sign" => {
            let options = jwt::SignOptions { expires_in: step.get("expires_in").map(seconds), issuer, now };
            jwt::sign(&step["claims"], &secret, &options).map(Value::from)
        }
        "verify" => {
            let leeway = step.get("leeway").map_or(Duration::ZERO, seconds);
            let options = jwt::VerifyOptions { issuer, leeway, now };
            jwt::verify(&text(&step["token"]), &secret, &options).map(Value::Object)
        }
        other => panic!("jwt has no function {other}"),
    };
    match (outcome, expect.get("error")) {
        (Ok(found), None) => same(what, expect.get("token").or(expect.get("claims")).expect("a value"), &found),
        (Err(error), Some(expected)) => check_error(expected, &error),
        (outcome, _) => Err(format!("{outcome:?}")),
    }
}

fn session(info: &SessionInfo) -> Value {
    let left = info.expires_in.map(|left| left.as_secs_f64());
    json!({"user": info.user, "organization": info.organization, "expires_in": left})
}

fn check_value(expect: &Value, outcome: Result<Value, Error>) -> Result<(), String> {
    let found = match (outcome, expect.get("error")) {
        (Ok(found), None) => found,
        (Err(error), Some(expected)) => return check_error(expected, &error),
        (outcome, _) => return Err(format!("{outcome:?}")),
    };
    match expect.get("value") {
        None => Ok(()),
        Some(Value::Object(fields)) => fields.iter().try_for_each(|(name, expected)| {
            let found = found.get(name).unwrap_or(&Value::Null);
            match (name.as_str(), expected.as_f64(), found.as_f64()) {
                ("expires_in", Some(expected), Some(found)) if (expected - found).abs() <= 5.0 => Ok(()),
                _ => same(name, expected, found),
            }
        }),
        Some(expected) => same("value", expected, &found),
    }
}

fn check_url(expected: &str, found: &str) -> Result<(), String> {
    let place = |url: &str| url.split('?').next().unwrap_or_default().to_owned();
    same("url", &place(expected).into(), &place(found).into())?;
    let (expected, mut found) = (query(expected), query(found));
    for (name, expected) in expected {
        let found = found.remove(&name).unwrap_or(Value::Null);
        if expected != "$any" || found.as_str().is_none_or(str::is_empty) {
            same(&name, &expected, &found)?;
        }
    }
    if found.is_empty() { Ok(()) } else { Err(format!("fields beyond the expected: {found:?}")) }
}

fn query(url: &str) -> Map<String, Value> {
    let url = url::Url::parse(url).expect("a URL");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}
