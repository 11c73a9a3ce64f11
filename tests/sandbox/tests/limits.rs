//! Limits as each family enforces and tells them.

mod common;

use common::{Outcome, Reply, bearer, call};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::{Value, json};

const ME: &str = "GET /linktor/api/v1/me";

fn room(reply: &Reply) -> [Option<&str>; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| reply.header(name))
}

/// The seconds that a 429 tells to wait, given those that it may tell.
fn wait(value: &Value, at_most: u64) -> u64 {
    let wait = value.as_u64().unwrap_or_default();
    assert!((at_most - 5..=at_most).contains(&wait), "{value}");
    wait
}

#[tokio::test]
async fn linktor_counts_its_classes_apart() -> Outcome {
    let sandbox = Sandbox::start().await?;
    sandbox.control("limits", json!({"family": "linktor", "limits": "published"}))?;
    let key = fixtures::LINKTOR_API_KEY;
    for left in (0..60).rev() {
        let reply = bearer(&sandbox, ME, key, "").await?;
        let [limit, remaining, reset] = room(&reply);
        assert_eq!((reply.status, limit, remaining), (200, Some("60"), Some(left.to_string().as_str())));
        let left = reset.unwrap_or_default().parse::<i64>()? - jiff::Timestamp::now().as_second();
        assert!((55..=61).contains(&left), "{left}");
    }
    let refused = bearer(&sandbox, ME, key, "").await?;
    assert_eq!((refused.status, &room(&refused)[..2]), (429, &[Some("60"), Some("0")][..]));
    let body = refused.json()?;
    wait(&body["retry_after"], 60);
    assert_eq!(body["code"], "RATE_LIMITED");
    assert_eq!(body["message"], "Too many requests. Please try again later.");
    assert_eq!((refused.header("retry-after"), refused.header("x-request-id")), (None, Some("r-1")));
    assert_eq!(bearer(&sandbox, ME, fixtures::LINKTOR_ACCESS_TOKEN, "").await?.status, 200);
    let send = "POST /linktor/api/v1/conversations/unknown/messages";
    let reply = bearer(&sandbox, send, key, r#"{"content_type":"text","content":"Hi"}"#).await?;
    assert_eq!((reply.status, room(&reply)[0]), (404, Some("100")));
    for status in [[400; 10].as_slice(), &[429]].concat() {
        let reply = call(sandbox.url(), "POST /linktor/api/v1/auth/login", &[], "").await?;
        assert_eq!((reply.status, room(&reply)[0]), (status, Some("10")));
    }
    sandbox.control("clock", json!({"advance": 60}))?;
    assert_eq!(bearer(&sandbox, ME, key, "").await?.status, 200);
    sandbox.control("limits", json!({"family": "linktor", "limits": "open"}))?;
    assert_eq!(room(&bearer(&sandbox, ME, key, "").await?)[0], Some("100000"));
    Ok(())
}

#[tokio::test]
async fn libromi_counts_minute_and_hour_at_once_and_tells_on_the_429_only() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let contacts = "GET /libromi/api/v1/contacts";
    let key = fixtures::LIBROMI_API_KEY;
    let limits = json!([{"limit": 2, "window": 60}, {"limit": 3, "window": 3600}]);
    sandbox.control("limits", json!({"family": "libromi", "limits": limits}))?;
    for _ in 0..2 {
        let reply = bearer(&sandbox, contacts, key, "").await?;
        assert_eq!((reply.status, room(&reply), reply.header("retry-after")), (200, [None; 3], None));
    }
    let refused = bearer(&sandbox, contacts, key, "").await?;
    let body = refused.json()?;
    let told = wait(&body["retry_after_seconds"], 60);
    assert_eq!(
        (refused.status, &body["status"], &body["error_code"]),
        (429, &json!("FAILED"), &json!("RATE_LIMIT_EXCEEDED"))
    );
    assert_eq!(refused.header("retry-after"), Some(told.to_string().as_str()));
    assert!(refused.header("x-ratelimit-reset").is_some() && room(&refused)[0].is_none());
    sandbox.control("clock", json!({"advance": 60}))?;
    assert_eq!(bearer(&sandbox, contacts, key, "").await?.status, 200);
    let refused = bearer(&sandbox, contacts, key, "").await?;
    assert_eq!(refused.status, 429);
    wait(&refused.json()?["retry_after_seconds"], 3_540);
    sandbox.control("limits", json!({"family": "libromi", "limits": "published", "tier": "paid"}))?;
    for status in [[200; 100].as_slice(), &[429]].concat() {
        assert_eq!(bearer(&sandbox, contacts, key, "").await?.status, status);
    }
    Ok(())
}

#[tokio::test]
async fn api_v2_counts_by_the_kind_of_credential() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let test = "GET /api_v2/v2/auth/test";
    sandbox.control("limits", json!({"family": "api_v2", "limits": "published"}))?;
    let reply = bearer(&sandbox, test, fixtures::API_V2_API_KEY, "").await?;
    assert_eq!(room(&reply)[..2], [Some("100"), Some("99")]);
    let reply = bearer(&sandbox, test, fixtures::API_V2_ACCESS_TOKEN, "").await?;
    assert_eq!(room(&reply)[..2], [Some("50"), Some("49")]);
    let mut refused = call(sandbox.url(), test, &["X-API-Version: 2.0"], "").await?;
    assert_eq!((refused.status, room(&refused)[0]), (401, Some("5")));
    while refused.status == 401 {
        refused = bearer(&sandbox, test, "nobody", "").await?;
    }
    assert_eq!((refused.status, room(&refused)[1]), (429, Some("0")));
    let start = r#"{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":""#;
    assert!(refused.body.starts_with(start), "{}", refused.body);
    let limits = json!([{"limit": 1, "window": 60, "class": "oauth"}]);
    sandbox.control("limits", json!({"family": "api_v2", "limits": limits}))?;
    assert_eq!(bearer(&sandbox, test, fixtures::API_V2_ACCESS_TOKEN, "").await?.status, 200);
    assert_eq!(bearer(&sandbox, test, fixtures::API_V2_ACCESS_TOKEN, "").await?.status, 429);
    let other = bearer(&sandbox, test, fixtures::API_V2_API_KEY, "").await?;
    assert_eq!((other.status, room(&other)[0]), (200, Some("100000")));
    Ok(())
}

#[tokio::test]
async fn api_v1_tells_the_wait_in_its_message() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let me = "GET /api_v1/v1/users/me";
    let limits = json!([{"limit": 1, "window": 3600}]);
    sandbox.control("limits", json!({"family": "api_v1", "limits": limits}))?;
    assert_eq!(bearer(&sandbox, me, fixtures::API_V1_API_KEY, "").await?.status, 200);
    let refused = bearer(&sandbox, me, fixtures::API_V1_API_KEY, "").await?;
    let body = refused.json()?;
    assert_eq!((refused.status, &body["error"]), (429, &json!("rate_limit_exceeded")));
    assert_eq!(body["message"], "Rate limit exceeded. Try again in 3600 seconds.");
    assert_eq!((&room(&refused)[..2], refused.header("retry-after")), (&[Some("1"), Some("0")][..], None));
    for (tier, limit) in [("free", "50"), ("pro", "200"), ("enterprise", "1000")] {
        sandbox.control("limits", json!({"family": "api_v1", "limits": "published", "tier": tier}))?;
        assert_eq!(room(&bearer(&sandbox, me, fixtures::API_V1_API_KEY, "").await?)[0], Some(limit));
    }
    sandbox.reset();
    assert_eq!(room(&bearer(&sandbox, me, fixtures::API_V1_API_KEY, "").await?)[0], Some("100000"));
    Ok(())
}

#[tokio::test]
async fn linkit_tells_nothing_of_its_limits() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let ping = "GET /linkit/api/v1/ping";
    sandbox.control("limits", json!({"family": "linkit", "limits": [{"limit": 0, "window": 60}]}))?;
    let refused = call(sandbox.url(), ping, &[], "").await?;
    assert_eq!(refused.body, r#"{"code":429,"error":"Too Many Requests","details":"Rate limit exceeded"}"#);
    assert_eq!((refused.status, room(&refused), refused.header("retry-after")), (429, [None; 3], None));
    Ok(())
}
