//! A marker credential, driven through every error path and every printable form.

#![allow(clippy::expect_used, clippy::panic)]

use std::time::Duration;

use linktor::webhook::{self, Receiver, Scheme, Secrets, SignOptions, Verifier};
use linktor::{
    Client, ClientBuilder, Credentials, Error, Event, Jwt, MemoryStore, OAuth, Observer, Provider, Secret, Token, jwt,
};
use linktor_sandbox::{Answer, Sandbox};
use serde_json::json;

/// With a slash, which some servers escape.
const MARKER: &str = "marker/4f1c-credential";

struct Printing(std::sync::mpsc::Sender<String>);

impl Observer for Printing {
    fn event(&self, event: &Event<'_>) {
        self.0.send(format!("{event:?}")).expect("somebody listens");
    }
}

fn forms(error: &Error) -> String {
    let body = String::from_utf8_lossy(error.body());
    let mut forms = vec![format!("{error} {error:?} {error:#?} {:?} {body}", error.details())];
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        forms.push(format!("{cause} {cause:?}"));
        source = cause.source();
    }
    forms.concat()
}

#[tokio::test]
async fn the_key_never_appears() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let (sender, events) = std::sync::mpsc::channel();
    let mut printed = Vec::new();

    for family in ["linktor", "linkit", "libromi", "api_v1", "api_v2"] {
        for credentials in [
            Credentials::api_key(MARKER),
            Credentials::bearer(MARKER),
            Credentials::source(|| async { Ok::<_, Error>(MARKER) }),
        ] {
            let builder: ClientBuilder = Client::builder()
                .random(|| 0.0)
                .provider(Provider::named(family).expect("a built-in family"))
                .credentials(credentials.clone())
                .base_url(sandbox.base_url(family))
                .observer(Printing(sender.clone()));
            printed.push(format!("{builder:?} {credentials:?}"));
            let client = match builder.build() {
                Ok(client) => client,
                Err(error) => {
                    printed.push(forms(&error));
                    continue;
                }
            };
            printed.push(format!("{client:?} {client:#?} {:?}", client.get("/x")));

            let echo = json!({"code": MARKER, "message": format!("no such key: {MARKER}"), "details": [MARKER], "error": MARKER, "errors": {"k": MARKER}});
            let faults = vec![
                Answer::pass(),
                Answer::status(400).json(echo.clone()),
                Answer::status(400).body(&echo.to_string().replace('/', "\\/")),
                Answer::status(200).json(json!({"success": false, "error": {"message": MARKER}})),
                Answer::status(200).json(json!({"status": "FAILED", "message": MARKER})),
                Answer::status(500).body(&format!("<p>Bearer {MARKER}</p>")),
                Answer::status(500).header("content-type", "text/plain").body(&format!("bad key {MARKER}")),
                Answer::status(503).json(json!({"error": {"code": MARKER, "message": MARKER, "details": MARKER}})),
                Answer::reset(),
                Answer::close(),
                Answer::status(200).body("{\"a\":").truncate(),
                Answer::redirect("http://127.0.0.1:1/elsewhere"),
                Answer::status(200).delay_ms(1_000),
                Answer::status(200).body("not json"),
                Answer::status(404).header("x-request-id", MARKER),
                Answer::status(200).header("x-request-id", &format!("Bearer {MARKER}")).body("not json"),
            ];
            for fault in faults {
                sandbox.reset();
                sandbox.script(vec![fault.clone(), fault]);
                let outcome = client.get("/me").timeout(Duration::from_millis(100)).send().await;
                match outcome.and_then(|response| {
                    printed.push(format!("{response:?}"));
                    printed.push(response.json::<u8>().map_or_else(|error| forms(&error), |_| String::new()));
                    response.data::<serde_json::Value>()
                }) {
                    Ok(_) => {}
                    Err(error) => printed.push(forms(&error)),
                }
            }
            for request in [
                client.get("/../x"),
                client.get("/x").header("authorization", MARKER),
                client.get("/x").header("x-own", format!("{MARKER}\n")),
                client.get("/x").header("x own", MARKER),
                client.get("/x").request_id(format!("{MARKER}\u{e9}")),
                client.get("/x").organization(format!("{MARKER}\n")),
            ] {
                printed.push(forms(&request.send().await.expect_err("it cannot be sent")));
            }
        }
    }

    let url = format!("https://user:{MARKER}@api.example.com");
    for builder in vec![
        Client::builder().api_key(format!("Bearer {MARKER}")),
        Client::builder().api_key(format!("{MARKER}\n{MARKER}")),
        Client::builder().api_key(format!("{MARKER}\u{e9}")),
        Client::builder().api_key(MARKER).credentials(Credentials::bearer(MARKER)),
        Client::builder().api_key(MARKER).base_url(url.clone()),
        Client::builder().api_key(MARKER).base_url(format!("http://{MARKER}:x")),
        Client::builder().api_key(MARKER).base_url("https://api.example.com").proxy(format!("nonsense {url}")),
        Client::builder().api_key("k").header("authorization", MARKER),
        Client::builder().api_key("k").header("x-own", format!("{MARKER}\n")),
        Client::builder().api_key("k").header(format!("x own {MARKER}"), "v"),
    ] {
        printed.push(format!("{builder:?}"));
        printed.push(forms(&builder.build().expect_err("it cannot be made")));
    }
    let secret = Secret::from(MARKER);
    printed.push(format!("{secret} {secret:?} {} {:?}", json!({"secret": &secret}), Token::new(MARKER)));
    drop(sender);
    printed.extend(events);

    assert!(printed.len() > 500, "only {} forms were printed", printed.len());
    for text in printed {
        for form in [MARKER.to_owned(), MARKER.replace('/', "\\/")] {
            assert!(!text.contains(&form), "the credential shows in: {text}");
        }
    }
}

/// With what JSON and forms escape.
const SESSION_MARKER: &str = "marker/4f1c \"credential\"";

#[tokio::test]
async fn what_a_session_is_made_of_never_appears() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let (sender, events) = std::sync::mpsc::channel();
    let mut printed = Vec::new();
    let families: [(&str, Credentials, &str); 4] = [
        ("linktor", Credentials::password("ada@example.com", SESSION_MARKER), "/api/v1/auth/login"),
        ("linkit", Credentials::password("ada@example.com", SESSION_MARKER), "/api/v1/auth/login"),
        ("api_v2", OAuth::new("id", SESSION_MARKER).refresh_token(SESSION_MARKER).into(), "/oauth/token"),
        ("api_v1", OAuth::new("id", SESSION_MARKER).refresh_token(SESSION_MARKER).into(), "/oauth/token"),
    ];
    for (family, credentials, endpoint) in families {
        let echo = json!({"code": SESSION_MARKER, "message": SESSION_MARKER, "error": {"code": SESSION_MARKER, "message": SESSION_MARKER, "details": {SESSION_MARKER: SESSION_MARKER}}});
        let escaped = echo.to_string().replace('/', "\\/");
        let form: String = SESSION_MARKER.replace('/', "%2F").replace('"', "%22").replace(' ', "+");
        for fault in [
            Answer::status(400).json(echo.clone()),
            Answer::status(401).body(&escaped),
            Answer::status(403).body(&format!("grant_type=x&client_secret={form}")),
            Answer::status(400).header("content-type", "text/plain").body(&format!("bad secret {SESSION_MARKER}")),
            Answer::status(200).json(echo.clone()),
            Answer::status(200).json(json!({"success": false, "message": SESSION_MARKER})),
            Answer::status(200).body(SESSION_MARKER),
            Answer::redirect("http://127.0.0.1:1/elsewhere"),
            Answer::status(403).header("x-request-id", SESSION_MARKER),
        ] {
            let builder = Client::builder()
                .provider(Provider::named(family).expect("a built-in family"))
                .credentials(credentials.clone())
                .base_url(sandbox.base_url(family))
                .token_store(MemoryStore::new())
                .observer(Printing(sender.clone()));
            let builder = match sandbox.ready()["auth_urls"][family].as_str() {
                Some(url) => builder.auth_url(url),
                None => builder,
            };
            printed.push(format!("{builder:?} {credentials:?}"));
            let client = builder.build().expect("a valid client");
            sandbox.reset();
            sandbox.script(vec![fault.on("POST", endpoint)]);
            let error = client.get("/me").send().await.expect_err("no token");
            printed.push(forms(&error));
            printed.push(format!("{client:?} {:?} {:?}", client.auth(), client.auth().session()));
        }
    }

    let oauth = OAuth::new("id", SESSION_MARKER).refresh_token(SESSION_MARKER).access_token(SESSION_MARKER);
    let minted = Jwt::new(SESSION_MARKER, "user-1").claim(SESSION_MARKER, SESSION_MARKER);
    printed.push(format!("{oauth:?} {minted:?} {oauth:#?} {minted:#?}"));
    let client = Client::builder()
        .provider(Provider::api_v2())
        .credentials(OAuth::new("id", SESSION_MARKER))
        .build()
        .expect("a valid client");
    let request = client.auth().authorize_url(&[], "https://app.example.com/callback").expect("a URL");
    let verifier = request.verifier.expose().to_owned();
    printed.push(
        format!("{request:?} {request:#?}").replace(&verifier, SESSION_MARKER).replace(&request.state, SESSION_MARKER),
    );
    for callback in [format!("/?code={SESSION_MARKER}&state=wrong"), format!("/?code={SESSION_MARKER}")] {
        let error = client.auth().exchange_code(&callback, &request).await.expect_err("it answers another request");
        printed.push(forms(&error));
    }
    let secret = Secret::from(SESSION_MARKER);
    for token in [SESSION_MARKER, "a.b.c", "", "...."] {
        printed.push(forms(&jwt::verify(token, &secret, &jwt::VerifyOptions::default()).expect_err("no token")));
    }
    drop(sender);
    printed.extend(events);

    assert!(printed.len() > 100, "only {} forms were printed", printed.len());
    let json = serde_json::Value::from(SESSION_MARKER).to_string();
    for text in printed {
        for form in [SESSION_MARKER, json.trim_matches('"'), "4f1c"] {
            assert!(!text.contains(form), "a secret shows in: {text}");
        }
    }
}

#[test]
fn no_webhook_secret_and_no_event_appears() {
    let scheme = "standard_webhooks";
    let one = format!("whsec_{MARKER}==="); // no base64
    let whole = Secrets::from([MARKER, "another"]);
    assert!(!format!("{whole:?}").contains(MARKER));
    for (scheme, secret) in [
        (scheme, one.clone()),
        (scheme, format!("whpk_{MARKER}")),
        ("standard_webhooks_v1a", one),
        ("standard_webhooks_v1a", format!("whsk_{MARKER}")),
        ("standard_webhooks_v1a", format!("whpk_{MARKER}")),
        (MARKER, "invented".to_owned()),
    ] {
        let error = Verifier::new(scheme, secret.as_str()).expect_err("a wrong secret");
        assert_eq!(error.kind().as_str(), "config");
        assert!(!forms(&error).contains(MARKER), "{error:?}");
        let error = webhook::sign(scheme, b"", secret, &SignOptions::default()).expect_err("a wrong secret");
        assert!(!forms(&error).contains(MARKER), "{error:?}");
    }
    let error = webhook::sign("linktor", b"", [MARKER, "another"], &SignOptions::default()).expect_err("one too many");
    assert!(!forms(&error).contains(MARKER), "{error:?}");

    for document in [
        format!(r#""{MARKER}""#),
        format!(r#"{{"signature":"{MARKER}"}}"#),
        format!(r#"{{"signature":{{"kind":"{MARKER}"}}}}"#),
        format!(r#"{{"signature":{{"kind":"hmac","header":"x","prefix":["{MARKER}"]}}}}"#),
        format!(r#"{{"signature":{{"kind":"standard_webhooks","version":"{MARKER}"}}}}"#),
    ] {
        let error = Scheme::from_json(&document).expect_err("no scheme");
        assert!(!forms(&error).contains(MARKER), "{error:?}");
    }

    let body = format!(r#"{{"id":"evt_1","data":"{MARKER}"}}"#);
    let headers = webhook::sign("linktor", body.as_bytes(), MARKER, &SignOptions::default()).expect("signed");
    let verifier = Verifier::builder("linktor", MARKER);
    assert!(!format!("{verifier:?}").contains(MARKER));
    let verifier = verifier.build().expect("a verifier");
    let event = verifier.verify(body, &headers).expect("verified");
    let error = event.data::<u64>().expect_err("a text");
    assert!(!forms(&error).contains(MARKER), "{error:?}");
    assert!(!format!("{event:?} {:?}", Receiver::new(verifier)).contains(MARKER));
}
