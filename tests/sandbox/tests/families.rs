//! Each family's own 401s, envelopes and headers.

mod common;

use common::{Outcome, bearer, call};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::json;

async fn start() -> Result<Sandbox, std::io::Error> {
    Sandbox::start().await
}

#[tokio::test]
async fn linktor_answers_literally() -> Outcome {
    let sandbox = start().await?;
    let me = "GET /linktor/api/v1/me";
    let contacts = "GET /linktor/api/v1/contacts";
    let refused = call(sandbox.url(), me, &[], "").await?;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body, r#"{"code":"UNAUTHORIZED","details":null,"message":"missing authorization header"}"#);
    assert_eq!(refused.header("x-request-id").map(str::len), Some(36));
    let lower = format!("Authorization: bearer {}", fixtures::LINKTOR_API_KEY);
    let refused = call(sandbox.url(), me, &[&lower], "").await?;
    assert_eq!((refused.status, refused.json()?["code"].as_str()), (401, Some("UNAUTHORIZED")));
    for token in ["nobody", fixtures::LINKTOR_EXPIRED_TOKEN] {
        let refused = bearer(&sandbox, me, token, "").await?;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.body, r#"{"code":"TOKEN_INVALID","details":null,"message":"invalid or expired token"}"#);
    }
    for token in [fixtures::LINKTOR_API_KEY, fixtures::LINKTOR_ACCESS_TOKEN] {
        let reply = bearer(&sandbox, me, token, "").await?;
        assert_eq!(reply.status, 200);
        assert!(reply.body.starts_with(r#"{"success":true,"data":{"#), "{}", reply.body);
        assert_eq!(reply.header("x-request-id"), Some("r-1"));
        assert_eq!(reply.header("x-ratelimit-limit"), Some("100000"));
        assert!(reply.header("x-ratelimit-remaining").is_some() && reply.header("x-ratelimit-reset").is_some());
    }
    let key = fixtures::LINKTOR_API_KEY;
    let empty = bearer(&sandbox, contacts, key, "").await?;
    assert_eq!(
        empty.body,
        r#"{"success":true,"data":null,"meta":{"page":1,"page_size":20,"total_pages":0,"total_items":0,"has_next":false,"has_previous":false}}"#
    );
    let create = "POST /linktor/api/v1/contacts";
    let sent = r#"{"name":"Ada","email":"ada@example.com"}"#;
    let made = bearer(&sandbox, create, key, sent).await?;
    assert_eq!((made.status, &made.json()?["success"]), (201, &json!(true)));
    let again = bearer(&sandbox, create, key, sent).await?;
    assert_eq!((again.status, &again.json()?["error"]["code"]), (409, &json!("CONFLICT")));
    for bad in ["", "[]", r#"{"email":7}"#, r#"{"email":"ada"}"#, "{}"] {
        let refused = bearer(&sandbox, create, key, bad).await?;
        assert_eq!(refused.status, 400);
        assert!(refused.body.starts_with(r#"{"success":false,"error":{"code":"VALIDATION_ERROR","message":"#));
    }
    let made = made.json()?;
    let id = made["data"]["id"].as_str().unwrap_or_default();
    let found = bearer(&sandbox, &format!("{contacts}/{id}"), key, "").await?;
    assert_eq!(found.json()?["data"]["email"], "ada@example.com");
    let listed = bearer(&sandbox, &format!("{contacts}?page=1&page_size=1"), key, "").await?;
    assert_eq!(listed.json()?["meta"]["total_items"], 1);
    let unknown = bearer(&sandbox, &format!("{contacts}/no%2Fbody"), key, "").await?;
    assert_eq!((unknown.status, &unknown.json()?["error"]["code"]), (404, &json!("CONTACT_NOT_FOUND")));
    let nowhere = bearer(&sandbox, "GET /linktor/elsewhere", key, "").await?;
    assert_eq!((nowhere.status, nowhere.body.as_str()), (404, "404 page not found"));
    assert_eq!(nowhere.header("content-type"), Some("text/plain"));
    sandbox.reset();
    assert_eq!(bearer(&sandbox, contacts, key, "").await?.json()?["data"], json!(null));
    Ok(())
}

#[tokio::test]
async fn linkit_tells_a_key_from_a_session_by_the_scheme_word() -> Outcome {
    let sandbox = start().await?;
    let url = sandbox.url();
    let products = "GET /linkit/api/v1/products";
    let customers = "GET /linkit/api/v1/customers";
    let key = format!("Authorization: {}", fixtures::LINKIT_API_KEY);
    for token in [fixtures::LINKIT_API_KEY, fixtures::LINKIT_EXPIRED_TOKEN] {
        let refused = bearer(&sandbox, products, token, "").await?;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.body, r#"{"code":401,"error":"Unauthorized","details":"Invalid or expired token"}"#);
    }
    assert_eq!(call(url, products, &[], "").await?.status, 401);
    assert_eq!(call(url, "GET /linkit/api/v1/ping", &[], "").await?.status, 200);
    assert_eq!(bearer(&sandbox, products, fixtures::LINKIT_ACCESS_TOKEN, "").await?.status, 200);
    let list = call(url, &format!("{products}?limit=2"), &[&key], "").await?.json()?;
    assert_eq!((&list["count"], &list["total_count"], &list["has_next"]), (&json!(2), &json!(3), &json!(true)));
    let made = call(url, "POST /linkit/api/v1/products", &[&key], r#"{"name":"Gauze"}"#).await?;
    assert_eq!((made.status, &made.json()?["data"]["name"]), (201, &json!("Gauze")));
    let unnamed = call(url, customers, &[&key], "").await?;
    assert_eq!((unnamed.status, &unnamed.json()?["code"]), (400, &json!(400)));
    let other = call(url, customers, &[&key, "X-Organization-ID: org_other"], "").await?;
    assert_eq!(other.status, 403);
    assert_eq!(other.json()?["details"], "Insufficient permissions for this organization");
    let named = format!("X-Organization-ID: {}", fixtures::LINKIT_ORGANIZATION);
    assert_eq!(call(url, customers, &[&key, &named], "").await?.json()?["count"], 2);
    Ok(())
}

#[tokio::test]
async fn libromi_answers_as_laravel_does() -> Outcome {
    let sandbox = start().await?;
    let contacts = "GET /libromi/api/v1/contacts";
    let messages = "POST /libromi/api/v1/messages";
    let key = fixtures::LIBROMI_API_KEY;
    let refused = bearer(&sandbox, contacts, "nobody", "").await?;
    assert_eq!((refused.status, refused.body.as_str()), (401, r#"{"message":"Unauthenticated."}"#));
    let html = call(sandbox.url(), contacts, &[&format!("Authorization: Bearer {key}")], "").await?;
    assert_eq!(html.status, 302);
    assert_eq!(html.header("location"), Some(format!("{}/libromi/login", sandbox.url()).as_str()));
    assert_eq!(call(sandbox.url(), "GET /libromi/login", &[], "").await?.status, 200);
    let list = bearer(&sandbox, &format!("{contacts}?per_page=1"), key, "").await?.json()?;
    assert_eq!((&list["data"]["total"], &list["data"]["last_page"]), (&json!(3), &json!(3)));
    let invalid = bearer(&sandbox, messages, key, r#"{"to":"15550100001"}"#).await?;
    assert_eq!(invalid.status, 422);
    assert_eq!(
        invalid.body,
        r#"{"status":"FAILED","message":"The type field is required.","errors":{"type":["The type field is required."]}}"#
    );
    let sent = bearer(&sandbox, messages, key, r#"{"to":"15550100001","type":"text","text":"Hi"}"#).await?;
    assert_eq!(sent.status, 201);
    assert!(sent.json()?["messageId"].is_string());
    Ok(())
}

#[tokio::test]
async fn api_v2_wants_its_version_and_echoes_the_request_id() -> Outcome {
    let sandbox = start().await?;
    let test = "GET /api_v2/v2/auth/test";
    let key = fixtures::API_V2_API_KEY;
    let old = call(sandbox.url(), test, &[&format!("Authorization: Bearer {key}")], "").await?;
    assert_eq!((old.status, &old.json()?["error"]["code"]), (400, &json!("UNSUPPORTED_VERSION")));
    for token in ["nobody", fixtures::API_V2_EXPIRED_TOKEN] {
        let refused = bearer(&sandbox, test, token, "").await?;
        assert_eq!(refused.status, 401);
        assert!(refused.body.starts_with(r#"{"success":false,"error":{"code":"UNAUTHORIZED","message":"#));
    }
    for token in [key, fixtures::API_V2_ACCESS_TOKEN] {
        let reply = bearer(&sandbox, test, token, "").await?;
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"valid":true}"#));
        assert_eq!(reply.header("x-request-id"), Some("r-1"));
        assert!(reply.header("x-ratelimit-reset").is_some());
    }
    let list = bearer(&sandbox, "GET /api_v2/v2/users?page=2&per_page=2", key, "").await?.json()?;
    assert_eq!(list["meta"], json!({"page": 2, "per_page": 2, "total": 3}));
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let made = bearer(&sandbox, "POST /api_v2/v2/users", key, r#"{"name":"Di","email":"di@example.com"}"#).await?;
    assert_eq!((made.status, &made.json()?["success"]), (201, &json!(true)));
    assert_eq!(bearer(&sandbox, "POST /api_v2/v2/users", key, "{}").await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn api_v1_has_an_error_of_two_shapes() -> Outcome {
    let sandbox = start().await?;
    let me = "GET /api_v1/v1/users/me";
    let key = fixtures::API_V1_API_KEY;
    let missing = call(sandbox.url(), me, &[], "").await?;
    assert_eq!((missing.status, &missing.json()?["error"]), (401, &json!("missing_api_key")));
    for (token, error) in [("nobody", "invalid_api_key"), (fixtures::API_V1_EXPIRED_TOKEN, "token_expired")] {
        let refused = bearer(&sandbox, me, token, "").await?;
        assert_eq!((refused.status, &refused.json()?["error"]), (401, &json!(error)));
    }
    for token in [key, fixtures::API_V1_ACCESS_TOKEN] {
        let reply = bearer(&sandbox, me, token, "").await?;
        assert_eq!((reply.status, &reply.json()?["id"]), (200, &json!("user_1")));
        assert!(reply.header("x-ratelimit-limit").is_some());
    }
    let list = bearer(&sandbox, "GET /api_v1/v1/users?per_page=1", key, "").await?.json()?;
    let pagination = json!({"page":1,"per_page":1,"total":2,"total_pages":2,"has_next":true,"has_prev":false});
    assert_eq!(list["pagination"], pagination);
    let invalid = bearer(&sandbox, "POST /api_v1/v1/users", key, r#"{"name":"Di"}"#).await?;
    assert_eq!((invalid.status, &invalid.json()?["error"]["details"][0]["field"]), (422, &json!("email")));
    let nowhere = bearer(&sandbox, "DELETE /api_v1/v1/users", key, "").await?;
    assert_eq!((nowhere.status, &nowhere.json()?["error"]["code"]), (404, &json!("not_found")));
    Ok(())
}
