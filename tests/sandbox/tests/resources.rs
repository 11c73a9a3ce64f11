//! What can be read, written and paged through, family by family.

mod common;

use common::{Outcome, Reply, bearer, call};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::{Value, json};

/// Calls with one key, under one base.
struct Api<'a> {
    sandbox: &'a Sandbox,
    base: &'static str,
    key: &'static str,
}

impl Api<'_> {
    async fn call(&self, line: &str, body: Value) -> std::io::Result<Reply> {
        let (method, path) = line.split_once(' ').ok_or(std::io::ErrorKind::InvalidInput)?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        bearer(self.sandbox, &format!("{method} {}{path}", self.base), self.key, &body).await
    }

    async fn get(&self, path: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Ok(self.call(&format!("GET {path}"), Value::Null).await?.json()?)
    }

    async fn status(&self, line: &str, body: Value) -> std::io::Result<u16> {
        Ok(self.call(line, body).await?.status)
    }
}

#[tokio::test]
async fn linktors_contacts_are_replaced_whole() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/linktor/api/v1", key: fixtures::LINKTOR_API_KEY };
    let made = api.call("POST /contacts", json!({"name": "Ada", "email": "ada@example.com"})).await?.json()?;
    assert_eq!(made["data"]["created_at"], fixtures::CREATED_AT);
    api.call("POST /contacts", json!({"name": "Bo", "email": "bo@example.com"})).await?;
    let path = format!("/contacts/{}", made["data"]["id"].as_str().unwrap_or_default());
    let put = format!("PUT {path}");
    assert_eq!(api.status(&put, json!({"email": "bo@example.com"})).await?, 409);
    let replaced = api.call(&put, json!({"email": "ada@example.com", "phone": "1"})).await?;
    assert_eq!((replaced.status, &replaced.json()?["data"]["phone"]), (200, &json!("1")));
    let read = api.get(&path).await?;
    assert_eq!((read["data"].get("name"), &read["data"]["created_at"]), (None, &json!(fixtures::READ_AT)));
    assert_eq!(read["data"]["id"], made["data"]["id"]);
    let page = api.get("/contacts?page=2&page_size=1").await?;
    assert_eq!((page["data"].as_array().map(Vec::len), &page["meta"]["has_previous"]), (Some(1), &json!(true)));
    let gone = api.call(&format!("DELETE {path}"), Value::Null).await?;
    assert_eq!((gone.status, gone.body.as_str(), gone.header("content-length")), (204, "", None));
    for line in [format!("GET {path}"), format!("DELETE {path}")] {
        assert_eq!(api.status(&line, Value::Null).await?, 404);
    }
    assert_eq!(api.status(&put, json!({"name": "Ada"})).await?, 404);
    Ok(())
}

#[tokio::test]
async fn linktor_keeps_one_open_conversation_for_a_contact_on_a_channel() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/linktor/api/v1", key: fixtures::LINKTOR_API_KEY };
    let sent = json!({"contact_id": "con_1", "channel_id": "chn_1"});
    let first = api.call("POST /conversations", sent.clone()).await?;
    let again = api.call("POST /conversations", sent.clone()).await?;
    assert_eq!((first.status, again.status), (201, 201));
    let id = first.json()?["data"]["id"].clone();
    assert_eq!(again.json()?["data"]["id"], id);
    let path = format!("/conversations/{}", id.as_str().unwrap_or_default());
    assert_eq!(api.get(&path).await?["data"]["status"], "open");
    for (action, body, name, value) in [
        ("assign", json!({"user_id": "agt_1"}), "assigned_user_id", "agt_1"),
        ("escalate", Value::Null, "priority", "urgent"),
        ("resolve", Value::Null, "status", "resolved"),
    ] {
        let changed = api.call(&format!("POST {path}/{action}"), body).await?.json()?;
        assert_eq!(changed["data"][name], value);
    }
    assert_ne!(api.call("POST /conversations", sent).await?.json()?["data"]["id"], id);
    assert_eq!(api.call(&format!("POST {path}/reopen"), Value::Null).await?.json()?["data"]["status"], "open");
    let updated = api.call(&format!("PUT {path}"), json!({"subject": "Hello", "id": "other"})).await?.json()?;
    assert_eq!((&updated["data"]["subject"], &updated["data"]["id"]), (&json!("Hello"), &id));
    assert_eq!(api.get(&format!("{path}/messages")).await?["data"], Value::Null);
    let post = format!("POST {path}/messages");
    let message = json!({"content_type": "text", "content": "Hi", "metadata": {"a": "b"}});
    let sent = api.call(&post, message).await?;
    let row = &sent.json()?["data"];
    assert_eq!((sent.status, &row["conversation_id"], &row["sender_type"]), (201, &id, &json!("user")));
    let read = api.get(&format!("/messages/{}", row["id"].as_str().unwrap_or_default())).await?;
    assert_eq!(read["data"]["content"], "Hi");
    assert_eq!(api.get(&format!("{path}/messages")).await?["meta"]["total_items"], 1);
    assert_eq!(api.status(&post, json!({"content_type": "text", "content": "x", "metadata": {"a": 1}})).await?, 400);
    assert_eq!(api.status("POST /conversations", json!({})).await?, 400);
    for line in ["GET /conversations/x", "GET /conversations/x/messages", "POST /conversations/x/resolve"] {
        let unknown = api.call(line, Value::Null).await?;
        assert_eq!((unknown.status, &unknown.json()?["error"]["code"]), (404, &json!("CONVERSATION_NOT_FOUND")));
    }
    Ok(())
}

#[tokio::test]
async fn linktor_answers_in_every_envelope_it_has() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/linktor/api/v1", key: fixtures::LINKTOR_API_KEY };
    for path in ["/users", "/channels"] {
        let page = api.get(&format!("{path}?page=2&page_size=2")).await?;
        assert_eq!(page["pagination"], json!({"page": 2, "page_size": 2, "pages": 2, "total": 3}));
        assert_eq!((page["data"].as_array().map(Vec::len), page.get("success")), (Some(1), None));
    }
    assert_eq!(api.get("/tenant").await?["name"], "Sandbox Tenant");
    let silent = api.call("GET /analytics/overview", Value::Null).await?;
    assert_eq!((silent.status, silent.body.as_str(), silent.header("content-length")), (500, "", Some("0")));
    Ok(())
}

#[tokio::test]
async fn linktors_keys_are_shown_once_and_open_until_they_are_deleted() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/linktor/api/v1", key: fixtures::LINKTOR_API_KEY };
    let made = api.call("POST /api-keys", json!({"name": "Mine"})).await?;
    let key = made.json()?["data"].clone();
    let secret = key["key"].as_str().unwrap_or_default();
    assert_eq!((made.status, secret.len(), &secret[..3]), (201, 51, "lk_"));
    let me = "GET /linktor/api/v1/me";
    assert_eq!(bearer(&sandbox, me, secret, "").await?.status, 200);
    let listed = api.get("/api-keys").await?;
    assert_eq!((listed["data"].as_array().map(Vec::len), listed["data"][2].get("key")), (Some(3), None));
    let delete = format!("DELETE /api-keys/{}", key["id"].as_str().unwrap_or_default());
    assert_eq!((api.status(&delete, Value::Null).await?, api.status(&delete, Value::Null).await?), (204, 404));
    assert_eq!(bearer(&sandbox, me, secret, "").await?.status, 401);
    let viewer = fixtures::LINKTOR_READ_ONLY_KEY;
    assert_eq!(bearer(&sandbox, me, viewer, "").await?.status, 200);
    let refused = bearer(&sandbox, "POST /linktor/api/v1/contacts", viewer, r#"{"name":"Ada"}"#).await?;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.body, r#"{"code":"FORBIDDEN","details":null,"message":"insufficient permissions"}"#);
    Ok(())
}

#[tokio::test]
async fn linkit_writes_in_its_envelope_and_in_bulk_by_parts() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/linkit/api/v1", key: fixtures::LINKIT_ACCESS_TOKEN };
    assert_eq!(api.get("/products/prd_1").await?["sku"], "PCM-500");
    let updated = api.call("PUT /products/prd_1", json!({"price": 3})).await?.json()?;
    assert_eq!((&updated["success"], &updated["data"]["price"]), (&json!(true), &json!(3)));
    let bulk = api.call("POST /products/bulk", json!({"products": [{"name": "Gauze"}, {"sku": "x"}, 7]})).await?;
    let body = bulk.json()?;
    assert_eq!((bulk.status, &body["success"]), (200, &json!(false)));
    assert_eq!(body["data"]["created"][0]["name"], "Gauze");
    assert_eq!((&body["data"]["failed"][0]["index"], &body["data"]["failed"][1]["index"]), (&json!(1), &json!(2)));
    assert_eq!(api.status("POST /products/bulk", json!({"products": vec![json!({"name": "x"}); 1_001]})).await?, 400);
    assert_eq!(api.get("/products?page=2&limit=3").await?["count"], 1);
    assert_eq!(api.status("DELETE /products/prd_1", Value::Null).await?, 204);
    for line in ["GET /products/prd_1", "DELETE /products/prd_1"] {
        let unknown = api.call(line, Value::Null).await?;
        assert_eq!(unknown.body, r#"{"code":404,"error":"Not Found","details":"Resource not found"}"#);
    }
    assert_eq!(api.get("/health/system").await?["status"], "ok");
    for (path, status) in [("/health", 200), ("/health/system", 401)] {
        assert_eq!(call(sandbox.url(), &format!("GET /linkit/api/v1{path}"), &[], "").await?.status, status);
    }
    Ok(())
}

#[tokio::test]
async fn a_resource_forgets_all_but_its_last_ten_thousand_rows() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/linkit/api/v1", key: fixtures::LINKIT_ACCESS_TOKEN };
    for _ in 0..10 {
        assert_eq!(api.get("/products/prd_3").await?["id"], "prd_3");
        api.call("POST /products/bulk", json!({"products": vec![json!({"name": "x"}); 1_000]})).await?;
    }
    assert_eq!(api.status("GET /products/prd_3", Value::Null).await?, 404);
    for (page, count) in [(100, 100), (101, 0)] {
        assert_eq!(api.get(&format!("/products?limit=100&page={page}")).await?["count"], count);
    }
    Ok(())
}

#[tokio::test]
async fn libromi_makes_the_contact_that_is_read() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/libromi/api/v1", key: fixtures::LIBROMI_API_KEY };
    let reader = Api { key: fixtures::LIBROMI_READ_ONLY_KEY, ..api };
    assert_eq!(reader.status("GET /contact/15550100001", Value::Null).await?, 200);
    let refused = reader.call("GET /contact/15550100009", Value::Null).await?;
    assert_eq!((refused.status, &refused.json()?["error_code"]), (403, &json!("PERMISSION_DENIED")));
    assert_eq!(reader.status("POST /messages", json!({"to": "1", "type": "text"})).await?, 403);
    assert_eq!(api.get("/contact/15550100009").await?["data"]["id"], 4);
    assert_eq!(api.get("/contact/15550100009").await?["data"]["id"], 4);
    assert_eq!(api.get("/contacts").await?["data"]["total"], 4);
    let put = "PUT /contact/15550100009/attributes";
    api.call(put, json!({"city": "Oslo", "size": "L", "note": "x"})).await?;
    let set = api.call(put, json!({"size": null, "note": ""})).await?.json()?;
    assert_eq!(set["data"]["attributes"], json!({"city": "Oslo"}));
    assert_eq!(api.status("PUT /contact/1/attributes", json!({})).await?, 404);
    let assign = "PUT /conversation/assign-staff";
    assert_eq!(api.status(assign, json!({"phone_number": "15550100009"})).await?, 422);
    let assigned = api.call(assign, json!({"phone_number": "15550100009", "username": "ada"})).await?.json()?;
    assert_eq!(assigned["data"]["assigned_to"], "ada");
    assert_eq!(api.get("/webhook").await?["data"], Value::Null);
    assert_eq!(api.status("POST /webhook", json!({"url": "https://example.com/hook"})).await?, 200);
    assert_eq!(api.get("/webhook").await?["data"]["url"], "https://example.com/hook");
    Ok(())
}

#[tokio::test]
async fn libromis_report_drops_the_filters_from_its_next_page() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/libromi/api/v1", key: fixtures::LIBROMI_API_KEY };
    let report = api.get("/messages/report?to=15550100002&per_page=1").await?["data"].take();
    assert_eq!((&report["total"], &report["last_page"], &report["current_page"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(report["data"][0]["messageId"], "wamid.2");
    let next = report["next_page_url"].as_str().unwrap_or_default();
    assert_eq!(next, format!("{}/messages/report?page=2", sandbox.base_url("libromi")));
    let last = api.get("/messages/report?to=15550100002&per_page=1&page=2").await?["data"].take();
    assert_eq!((&last["data"][0]["messageId"], &last["next_page_url"]), (&json!("wamid.3"), &Value::Null));
    api.call("POST /messages", json!({"to": "15550100007", "type": "text"})).await?;
    assert_eq!(api.get("/messages/report?status=sent").await?["data"]["data"][0]["to"], "15550100007");
    Ok(())
}

#[tokio::test]
async fn api_v2_does_the_same_with_each_resource() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/api_v2/v2", key: fixtures::API_V2_API_KEY };
    for (name, total) in [("users", 3), ("projects", 2), ("resources", 2)] {
        let made = api.call(&format!("POST /{name}"), json!({"name": "Di", "email": "di@example.com"})).await?;
        assert_eq!(made.status, 201);
        let path = format!("/{name}/{}", made.json()?["data"]["id"].as_str().unwrap_or_default());
        let page = api.get(&format!("/{name}?per_page=2&page=2")).await?;
        assert_eq!(page["meta"], json!({"page": 2, "per_page": 2, "total": total + 1}));
        let put = api.call(&format!("PUT {path}"), json!({"name": "Ed"})).await?.json()?;
        assert_eq!((&put["success"], &put["data"]["name"]), (&json!(true), &json!("Ed")));
        assert_eq!(api.get(&path).await?["data"]["name"], "Ed");
        assert_eq!(api.status(&format!("DELETE {path}"), Value::Null).await?, 204);
        let gone = api.call(&format!("GET {path}"), Value::Null).await?;
        assert_eq!((gone.status, &gone.json()?["error"]["code"]), (404, &json!("NOT_FOUND")));
    }
    let registered = json!({"name": "App", "redirect_uris": ["http://127.0.0.1/"], "scopes": ["read:users"]});
    let application = api.call("POST /oauth/applications", registered).await?;
    assert!(application.status == 201 && application.json()?["data"]["client_secret"].is_string());
    let made = api.call("POST /api-keys", json!({"name": "Mine", "scopes": ["read:users"]})).await?.json()?;
    let key = made["data"]["key"].as_str().unwrap_or_default();
    assert_eq!(bearer(&sandbox, "GET /api_v2/v2/auth/test", key, "").await?.status, 200);
    let hook = json!({"url": "https://example.com/hook", "events": ["user.created"], "secret": "invented"});
    let hook = api.call("POST /webhooks", hook).await?;
    assert_eq!((hook.status, hook.json()?["data"].get("secret")), (201, None));
    assert_eq!(api.status("POST /webhooks", json!({"url": "x"})).await?, 400);
    Ok(())
}

#[tokio::test]
async fn api_v1_patches_pages_and_delivers() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let api = Api { sandbox: &sandbox, base: "/api_v1/v1", key: fixtures::API_V1_API_KEY };
    assert_eq!(api.get("/users/user_2").await?["name"], "Bo Example");
    let patched = api.call("PATCH /users/user_2", json!({"name": "Bob", "id": "other"})).await?.json()?;
    assert_eq!(
        (&patched["name"], &patched["email"], &patched["id"]),
        (&json!("Bob"), &json!("bo@example.com"), &json!("user_2"))
    );
    assert_eq!(api.get("/teams/team_1/members").await?.as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(api.status("DELETE /users/user_2", Value::Null).await?, 204);
    assert_eq!(api.status("DELETE /users/user_2", Value::Null).await?, 404);
    assert_eq!(api.status("PATCH /users/user_1", json!([])).await?, 400);
    assert_eq!(api.status("POST /projects", json!({"name": "Cosmos"})).await?, 201);
    let page = api.get("/projects?per_page=2&page=2").await?;
    assert_eq!((&page["data"][0]["name"], &page["pagination"]["has_next"]), (&json!("Cosmos"), &json!(false)));
    assert_eq!(api.get("/webhooks").await?["pagination"]["total"], 2);
    let made = api.call("POST /webhooks", json!({"url": "https://example.com/hook"})).await?.json()?;
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap_or_default());
    assert_eq!(api.get(&format!("{path}/deliveries")).await?["data"], json!([]));
    let delivery = api.call(&format!("POST {path}/test"), Value::Null).await?.json()?;
    assert_eq!(api.get(&format!("{path}/deliveries")).await?["data"][0]["id"], delivery["id"]);
    assert_eq!(api.get("/webhooks/wh_1/deliveries").await?["pagination"]["total"], 2);
    assert_eq!(api.status("POST /webhooks/x/test", Value::Null).await?, 404);
    Ok(())
}
