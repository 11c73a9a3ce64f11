//! A case's client, from its options.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::cases::text;
use crate::own::{Store, Wire};
use linktor::{
    Client, ClientBuilder, Credentials, Error, ErrorKind, FileStore, Jwt, Limit, Limits, OAuth, Provider, Token,
};
use serde_json::{Map, Value};

/// The client of a case whose placeholders are filled in.
pub(crate) fn client(options: &Map<String, Value>, case: &Value, store: Option<&Store>) -> Result<Client, Error> {
    let mut builder = builder(options)?;
    if let Some(results) = case.get("token_source") {
        builder = builder.credentials(source(results));
    }
    if let Some(store) = store {
        builder = builder.token_store(store.clone());
    }
    let Some(results) = case.get("transport_own") else { return builder.build() };
    let wire = Wire::new(results);
    let own = Arc::clone(&wire.client);
    let client = builder.transport(wire).build()?;
    Ok(own.get_or_init(|| client).clone())
}

fn source(results: &Value) -> Credentials {
    let results = results.as_array().expect("a source is a list").clone();
    let asked = AtomicUsize::new(0);
    Credentials::source(move || {
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
    })
}

/// The credentials that options name, if they do.
pub(crate) fn credentials(options: &Map<String, Value>) -> Option<Credentials> {
    let given = |name: &str| options.get(name).map(text);
    if let Some(token) = given("access_token") {
        return Some(Credentials::bearer(token));
    }
    if let Some(key) = given("api_key") {
        return Some(Credentials::api_key(key));
    }
    if options.contains_key("anonymous") {
        return Some(Credentials::none());
    }
    if options.contains_key("email") || options.contains_key("password") {
        // What is missing is empty in Rust, where both are arguments of one function.
        return Some(Credentials::password(given("email").unwrap_or_default(), given("password").unwrap_or_default()));
    }
    if let Some(oauth) = options.get("oauth") {
        let field = |name: &str| oauth.get(name).map(text);
        let mut credential =
            OAuth::new(field("client_id").unwrap_or_default(), field("client_secret").unwrap_or_default());
        if let Some(token) = field("refresh_token") {
            credential = credential.refresh_token(token);
        }
        if let Some(token) = field("access_token") {
            credential = credential.access_token(token);
        }
        if let Some(account) = field("account") {
            credential = credential.account(account);
        }
        return Some(credential.into());
    }
    let jwt = options.get("jwt")?;
    let field = |name: &str| jwt.get(name).map(text);
    let mut credential = Jwt::new(field("secret").unwrap_or_default(), field("subject").unwrap_or_default());
    if let Some(issuer) = field("issuer") {
        credential = credential.issuer(issuer);
    }
    for (name, value) in jwt.get("claims").and_then(Value::as_object).into_iter().flatten() {
        credential = credential.claim(name, value.clone());
    }
    if let Some(ttl) = jwt.get("ttl") {
        credential = credential.ttl(seconds(ttl));
    }
    Some(credential.into())
}

/// A client's builder from a case's options.
pub(crate) fn builder(options: &Map<String, Value>) -> Result<ClientBuilder, Error> {
    let mut builder = Client::builder();
    for (name, value) in options {
        builder = match name.as_str() {
            "provider" => builder.provider(Provider::named(&text(value))?),
            // Each kind of credential once, so that two of them are two.
            "api_key" | "access_token" | "anonymous" | "email" | "oauth" | "jwt" => {
                let alone: Map<_, _> = options
                    .iter()
                    .filter(|(other, _)| *other == name || name == "email" && *other == "password")
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                credentials(&alone).into_iter().fold(builder, ClientBuilder::credentials)
            }
            "password" if options.contains_key("email") => builder,
            "password" => builder.credentials(Credentials::password("", text(value))),
            "base_url" => builder.base_url(text(value)),
            "auth_url" => builder.auth_url(text(value)),
            "token_store" => builder.token_store(FileStore::new(text(value))?),
            "organization" => builder.organization(text(value)),
            "client_version" => builder.client_version(text(value)),
            "proxy" => builder.proxy(text(value)),
            "allow_insecure_http" => builder.allow_insecure_http(value == &Value::Bool(true)),
            "timeout" => builder.timeout(seconds(value)),
            "connect_timeout" => builder.connect_timeout(seconds(value)),
            "deadline" => builder.deadline(seconds(value)),
            "max_retries" => builder.max_retries(whole(name, value)?),
            "max_retry_wait" => builder.max_retry_wait(duration(name, value)?),
            "retry_budget" => builder.retry_budget(whole(name, value)?),
            "pacing" => builder.pacing(text(value).parse()?),
            "limits" => builder.limits(limits(value)?),
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

/// A tier, or limits as a provider's document has them.
fn limits(value: &Value) -> Result<Limits, Error> {
    match value {
        Value::String(tier) => Ok(tier.as_str().into()),
        own => serde_json::from_value::<Vec<Limit>>(own.clone())
            .map(Limits::from)
            .map_err(|error| Error::new(ErrorKind::Config, format!("limits: {error}"))),
    }
}

/// What a type of Rust's cannot hold its compiler refuses.
fn whole(name: &str, value: &Value) -> Result<u32, Error> {
    value.as_u64().and_then(|value| value.try_into().ok()).ok_or_else(|| Error::new(ErrorKind::Config, name))
}

fn duration(name: &str, value: &Value) -> Result<Duration, Error> {
    let seconds = value.as_f64().and_then(|value| Duration::try_from_secs_f64(value).ok());
    seconds.ok_or_else(|| Error::new(ErrorKind::Config, name))
}

/// Seconds as a duration; what Rust's type cannot hold (a negative number) is zero.
pub(crate) fn seconds(value: &Value) -> Duration {
    Duration::try_from_secs_f64(value.as_f64().expect("seconds are a number")).unwrap_or_default()
}
