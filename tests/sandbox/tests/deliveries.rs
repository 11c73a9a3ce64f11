//! Deliveries, as a receiver sees them. Signatures are computed here once more, by the rules of the
//! scheme and the bytes that came.

#![allow(clippy::unwrap_used)]

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::receiver::{Received, Receiver};
use common::{Outcome, call};
use hmac::{Hmac, KeyInit, Mac};
use linktor_sandbox::{Sandbox, deliver, fixtures};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

const FAMILIES: [&str; 7] =
    ["linktor", "linktor_body", "libromi", "api_v1", "api_v2", "standard_webhooks", "x_hub_signature_256"];

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The header of the signature, what stands there, and what should.
fn signature(family: &str, secret: &str, came: &Received) -> (&'static str, String) {
    let bare = || hex(&hmac(secret.as_bytes(), &[&came.body]));
    match family {
        "linktor" => {
            let time = came.header("x-linktor-timestamp").as_bytes();
            ("x-linktor-signature", hex(&hmac(secret.as_bytes(), &[time, b".", &came.body])))
        }
        "linktor_body" => ("x-linktor-signature", bare()),
        "libromi" => ("x-libromi-signature", bare()),
        "api_v1" => ("x-webhook-signature", format!("sha256={}", bare())),
        "api_v2" => ("x-webhook-signature", bare()),
        "standard_webhooks" => {
            let [id, time] = ["webhook-id", "webhook-timestamp"].map(|name| came.header(name).as_bytes());
            let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
            let code = hmac(&key, &[id, b".", time, b".", &came.body]);
            ("webhook-signature", format!("v1,{}", STANDARD.encode(code)))
        }
        _ => ("x-hub-signature-256", format!("sha256={}", bare())),
    }
}

fn verified(family: &str, secret: &str, came: &Received) -> bool {
    let (name, expected) = signature(family, secret, came);
    came.header(name) == expected
}

/// The secret of a family, as the ready line has it.
fn secret(sandbox: &Sandbox, family: &str) -> String {
    let ready = sandbox.ready();
    let secret = &ready["credentials"][family.trim_end_matches("_body")]["webhook_secret"];
    secret.as_str().unwrap().to_owned()
}

fn order(family: &str, receiver: &Receiver) -> Value {
    json!({"family": family, "url": receiver.url, "event": "message.received"})
}

fn with(mut order: Value, name: &str, value: impl Into<Value>) -> Value {
    order[name] = value.into();
    order
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[tokio::test]
async fn every_family_signs_what_it_sends() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for family in FAMILIES {
        let receiver = Receiver::start(&[(202, "thanks")]).await?;
        let report = sandbox.deliver(order(family, &receiver)).await?;
        assert_eq!(report["deliveries"], json!([{"after": 0, "status": 202, "body": "thanks"}]), "{family}");
        let [came] = &receiver.received()[..] else { return Err("not one delivery".into()) };
        assert!(verified(family, &secret(&sandbox, family), came), "{family}: {came:?}");
        assert_eq!(came.line, "POST /hook?a=b");
        assert_eq!(came.header("content-type"), "application/json");
        assert!(receiver.url.starts_with(&format!("http://{}/", came.header("host"))));
        let text = str::from_utf8(&came.body)?;
        assert!([r"\/", r"\u00e9", "1.0", "{ "].iter().all(|mark| text.contains(mark)), "{text}");

        let other = with(with(order(family, &receiver), "secret", "c2VjcmV0"), "data", Value::Null);
        sandbox.deliver(other).await?;
        let came = receiver.received().pop().ok_or("nothing came")?;
        assert!(verified(family, "c2VjcmV0", &came), "{family}");
        assert!(came.body.ends_with(b"null") || came.json()["data"].is_null(), "{family}");
    }
    Ok(())
}

#[tokio::test]
async fn bodies_and_headers_are_those_of_the_family() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for (family, names, fields) in [
        ("linktor", &["x-linktor-signature", "x-linktor-timestamp"][..], "id type timestamp tenantId data"),
        ("linktor_body", &["x-linktor-signature", "x-linktor-timestamp"], "id type timestamp tenantId data"),
        ("libromi", &["x-libromi-signature"], "type data"),
        ("api_v1", &["x-webhook-event", "x-webhook-id", "x-webhook-signature"], "id type created_at data"),
        ("api_v2", &["x-webhook-signature"], "id type created_at data"),
        ("standard_webhooks", &["webhook-id", "webhook-signature", "webhook-timestamp"], "type timestamp data"),
        ("x_hub_signature_256", &["x-github-delivery", "x-github-event", "x-hub-signature-256"], "a"),
    ] {
        let receiver = Receiver::start(&[]).await?;
        let report = sandbox.deliver(with(order(family, &receiver), "data", json!({"a": [1.0]}))).await?;
        let [came] = &receiver.received()[..] else { return Err("not one delivery".into()) };
        let mut headers: Vec<_> = came.headers.keys().map(|name| name.as_str().to_owned()).collect();
        headers.retain(|name| !["content-length", "content-type", "host"].contains(&name.as_str()));
        headers.sort_unstable();
        assert_eq!(headers, names, "{family}");
        let body = came.json();
        let text = str::from_utf8(&came.body)?;
        let places = fields.split(' ').map(|name| text.find(&format!("\"{name}\": ")));
        assert!(places.clone().all(|place| place.is_some()) && places.is_sorted(), "{text}");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(fields.split(' ').count()), "{text}");
        let (data, kind) = match family {
            "x_hub_signature_256" => (&body, came.header("x-github-event")),
            _ => (&body["data"], body["type"].as_str().ok_or("no type")?),
        };
        assert_eq!((data, kind), (&json!({"a": [1.0]}), "message.received"));
        let id = match family {
            "standard_webhooks" => came.header("webhook-id").into(),
            "x_hub_signature_256" => came.header("x-github-delivery").into(),
            _ => body["id"].clone(),
        };
        assert_eq!(report["id"], id, "{family}");
        assert_eq!(id.is_null(), family == "libromi");
        for at in [&body["timestamp"], &body["created_at"]].into_iter().filter_map(Value::as_str) {
            assert!((now() - at.parse::<jiff::Timestamp>()?.as_second()).abs() < 5, "{at}");
        }
        if family == "api_v1" {
            assert!(id.as_str().is_some_and(|id| id.starts_with("evt_")));
            assert!(came.header("x-webhook-id").starts_with("wh_"));
            assert_eq!(came.header("x-webhook-event"), "message.received");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_delivery_is_made_again_until_it_is_received() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for family in FAMILIES {
        let receiver = Receiver::start(&[(500, "no"), (307, ""), (404, "")]).await?;
        let report = sandbox.deliver(order(family, &receiver)).await?;
        let came = receiver.received();
        if family == "libromi" {
            assert_eq!(report, json!({"id": null, "deliveries": [{"after": 0, "status": 500, "body": "no"}]}));
            assert_eq!(came.len(), 1);
            continue;
        }
        let expected = json!([
            {"after": 0, "status": 500, "body": "no"},
            {"after": 60, "status": 307, "body": ""},
            {"after": 300, "status": 404, "body": ""},
            {"after": 1800, "status": 200, "body": ""},
        ]);
        assert_eq!(report["deliveries"], expected, "{family}");
        assert_eq!(came.len(), 4);
        for again in &came {
            assert_eq!(again.body, came[0].body, "{family}: the event is the same");
            assert!(verified(family, &secret(&sandbox, family), again), "{family}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn nobody_there_is_told_for_each_delivery() -> Outcome {
    let closed = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let order = json!({"family": "api_v1", "url": format!("http://{closed}/"), "event": "user.created"});
    let report = deliver(order).await?;
    let deliveries = report["deliveries"].as_array().ok_or("no deliveries")?;
    let after: Vec<_> = deliveries.iter().filter_map(|delivery| delivery["after"].as_u64()).collect();
    assert_eq!(after, [0, 60, 300, 1_800, 3_600, 21_600]);
    for delivery in deliveries {
        assert!(delivery["error"].as_str().is_some_and(|error| error.contains("refused")), "{delivery}");
        assert_eq!(delivery.as_object().map(serde_json::Map::len), Some(2));
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() -> Outcome {
    let sandbox = Sandbox::start().await?;
    sandbox.control("script", json!({"answers": [{"body": "half of it", "truncate": true}, {"reset": true}]}))?;
    let order = json!({"family": "api_v2", "url": format!("{}/hook", sandbox.base_url("libromi")), "event": "a"});
    let report = sandbox.deliver(order).await?;
    for place in [0, 1] {
        let delivery = &report["deliveries"][place];
        assert!(delivery["error"].is_string() && delivery["status"].is_null(), "{delivery}");
    }
    assert_eq!(report["deliveries"][2]["status"], 404);
    Ok(())
}

#[tokio::test]
async fn a_long_answer_is_cut() -> Outcome {
    let long = "x".repeat(70_000);
    let receiver = Receiver::start(&[(200, &long)]).await?;
    let report = deliver(order("libromi", &receiver)).await?;
    assert_eq!(report["deliveries"][0]["body"].as_str().map(str::len), Some(65_536));
    Ok(())
}

#[tokio::test]
async fn an_event_is_delivered_as_often_as_asked() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let receiver = Receiver::start(&[(200, ""), (503, "")]).await?;
    let report = sandbox.deliver(with(order("standard_webhooks", &receiver), "times", 3)).await?;
    let deliveries = report["deliveries"].as_array().ok_or("no deliveries")?;
    let told: Vec<_> = deliveries.iter().map(|delivery| (&delivery["after"], &delivery["status"])).collect();
    let told = json!(told);
    assert_eq!(told, json!([[0, 200], [0, 503], [60, 200], [0, 200]]));
    let came = receiver.received();
    assert_eq!(came.len(), 4);
    assert!(came.iter().all(|again| again.body == came[0].body && report["id"] == again.header("webhook-id")));
    Ok(())
}

#[tokio::test]
async fn each_tampering_spoils_its_part_alone() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for family in FAMILIES {
        let secret = secret(&sandbox, family);
        let timed = ["linktor", "standard_webhooks"].contains(&family);
        let time = if family == "linktor" { "x-linktor-timestamp" } else { "webhook-timestamp" };
        for tamper in ["body", "signature", "timestamp", "stale", "secret", "unsigned"] {
            let receiver = Receiver::start(&[]).await?;
            let outcome = sandbox.deliver(with(order(family, &receiver), "tamper", tamper)).await;
            if ["timestamp", "stale"].contains(&tamper) && !timed {
                assert!(outcome.is_err_and(|problem| problem.contains("signs no timestamp")), "{family}");
                assert!(receiver.received().is_empty());
                continue;
            }
            outcome?;
            let mut came = receiver.received().pop().ok_or("nothing came")?;
            let name = signature(family, &secret, &came).0;
            if tamper == "unsigned" {
                assert!(!came.headers.contains_key(name));
                continue;
            }
            assert_eq!(verified(family, &secret, &came), tamper == "stale", "{family} {tamper}");
            let age = if timed { now() - came.header(time).parse::<i64>()? } else { 0 };
            let expected = if tamper == "stale" { 3_600 } else { 0 };
            assert!((age - expected).abs() < 5, "{family} {tamper}: {age}");
            match tamper {
                "body" => {
                    // The default data ends in a score of 1.0.
                    came.body =
                        str::from_utf8(&came.body)?.replace("\"score\": 1.1", "\"score\": 1.0").into_bytes().into();
                    assert!(verified(family, &secret, &came), "{family}: {:?}", came.body);
                }
                "timestamp" => {
                    let signed = came.header(time).parse::<i64>()? - 1;
                    came.headers.insert(time, signed.into());
                    assert!(verified(family, &secret, &came), "{family}");
                }
                "signature" => {
                    let expected = signature(family, &secret, &came).1;
                    let differ = came.header(name).bytes().zip(expected.bytes()).filter(|(a, b)| a != b).count();
                    assert_eq!((differ, came.header(name).len()), (1, expected.len()), "{family}");
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_signed_time_is_that_of_the_sandboxs_clock() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let receiver = Receiver::start(&[]).await?;
    sandbox.control("clock", json!({"advance": 100_000}))?;
    sandbox.deliver(order("linktor", &receiver)).await?;
    deliver(order("linktor", &receiver)).await?;
    for (came, ahead) in receiver.received().iter().zip([100_000, 0]) {
        let signed: i64 = came.header("x-linktor-timestamp").parse()?;
        assert!((signed - now() - ahead).abs() < 5, "{signed}");
        let told = came.json()["timestamp"].as_str().ok_or("no time")?.parse::<jiff::Timestamp>()?;
        assert!((told.as_second() - signed).abs() < 2, "{told}");
        assert!(verified("linktor", fixtures::LINKTOR_WEBHOOK_SECRET, came));
    }
    Ok(())
}

#[tokio::test]
async fn the_control_plane_delivers_and_reports() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let receiver = Receiver::start(&[]).await?;
    let line = "POST /_sandbox/webhooks";
    let reply = call(sandbox.url(), line, &[], &order("api_v1", &receiver).to_string()).await?;
    let id = receiver.received()[0].json()["id"].clone();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()?, json!({"id": id, "deliveries": [{"after": 0, "status": 200, "body": ""}]}));
    let secure = receiver.url.replace("http:", "https:");
    for (body, reason) in [
        ("{".to_owned(), "EOF"),
        ("{}".to_owned(), "missing field"),
        (order("linkit", &receiver).to_string(), "linkit publishes no webhooks"),
        (order("linkedin", &receiver).to_string(), "linkedin"),
        (with(order("linktor", &receiver), "url", secure).to_string(), "https"),
        (with(order("linktor", &receiver), "tamper", "all").to_string(), "all"),
        (with(order("linktor", &receiver), "retries", 1).to_string(), "retries"),
    ] {
        let reply = call(sandbox.url(), line, &[], &body).await?;
        let problem = reply.json()?["error"].as_str().map(str::to_owned).ok_or("no error")?;
        assert!(reply.status == 400 && problem.contains(reason), "{body}: {problem}");
    }
    assert_eq!(receiver.received().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_receiver_may_call_the_sandbox_that_delivers() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let order = json!({"family": "x_hub_signature_256", "url": format!("{}/_sandbox/clock", sandbox.url()),
        "event": "push", "data": {"advance": 5_000}});
    let report = sandbox.deliver(order.clone()).await?;
    assert_eq!(report["deliveries"][0]["body"], json!({"ok": true}).to_string());
    let reply = call(sandbox.url(), "POST /_sandbox/webhooks", &[], &order.to_string()).await?;
    assert_eq!(reply.json()?["deliveries"][0]["status"], 200);
    Ok(())
}
