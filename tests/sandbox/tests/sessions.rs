//! Logins, renewals, consent, and what the control plane does to sessions.

mod common;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Outcome, Reply, bearer, call};
use hmac::{Hmac, KeyInit, Mac};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use serde_json::{Value, json};
use sha2::Sha256;

const LOGIN: &str = "POST /linktor/api/v1/auth/login";
const REFRESH: &str = "POST /linktor/api/v1/auth/refresh";
const ME: &str = "GET /linktor/api/v1/me";
const TOKEN: &str = "POST /api_v2/oauth/token";
const TEST: &str = "GET /api_v2/v2/auth/test";

async fn post(sandbox: &Sandbox, line: &str, body: &Value) -> std::io::Result<Reply> {
    call(sandbox.url(), line, &["Content-Type: application/json"], &body.to_string()).await
}

/// The fields of `data`, or those of the whole answer.
async fn posted(sandbox: &Sandbox, line: &str, body: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let mut json = post(sandbox, line, body).await?.json()?;
    Ok(if json["data"].is_null() { json } else { json["data"].take() })
}

async fn status(sandbox: &Sandbox, line: &str, token: &Value) -> std::io::Result<u16> {
    Ok(bearer(sandbox, line, token.as_str().unwrap_or_default(), "").await?.status)
}

fn login() -> Value {
    json!({"email": fixtures::LINKTOR_EMAIL, "password": fixtures::LINKTOR_PASSWORD})
}

fn client(grant: &Value) -> Value {
    let mut body = json!({"client_id": fixtures::API_V2_CLIENT_ID, "client_secret": fixtures::API_V2_CLIENT_SECRET});
    for (name, value) in grant.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn renewal(token: &Value) -> Value {
    client(&json!({"grant_type": "refresh_token", "refresh_token": token}))
}

#[tokio::test]
async fn linktor_logs_in_and_renews_softly() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let reply = post(&sandbox, LOGIN, &login()).await?;
    assert_eq!(reply.status, 200);
    assert!(reply.body.starts_with(r#"{"success":true,"data":{"user":{"#), "{}", reply.body);
    assert!(reply.body.ends_with(r#","expires_in":900}}"#), "{}", reply.body);
    let session = &reply.json()?["data"];
    let claims = claims(&session["access_token"])?;
    assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|issued| issued + 900));
    for name in ["tenant_id", "user_id", "email", "role", "iss", "sub"] {
        assert!(claims[name].is_string(), "{name}");
    }
    assert_eq!(status(&sandbox, ME, &session["access_token"]).await?, 200);
    for token in [&session["refresh_token"], &fixtures::LINKTOR_REFRESH_TOKEN.into(), &session["refresh_token"]] {
        let renewed = posted(&sandbox, REFRESH, &json!({"refresh_token": token})).await?;
        assert_eq!(status(&sandbox, ME, &renewed["access_token"]).await?, 200);
        assert_ne!(&renewed["refresh_token"], token);
        assert_eq!((renewed["expires_in"].as_u64(), renewed.get("user")), (Some(900), None));
    }
    let refused = post(&sandbox, REFRESH, &json!({"refresh_token": session["access_token"]})).await?;
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.body,
        r#"{"success":false,"error":{"code":"TOKEN_INVALID","message":"Invalid or expired refresh token"}}"#
    );
    let refused = post(&sandbox, LOGIN, &json!({"email": fixtures::LINKTOR_EMAIL, "password": "wrong"})).await?;
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.body,
        r#"{"success":false,"error":{"code":"INVALID_CREDENTIALS","message":"Invalid email or password"}}"#
    );
    for line in [LOGIN, REFRESH] {
        assert_eq!(post(&sandbox, line, &json!({})).await?.status, 400);
    }
    Ok(())
}

#[tokio::test]
async fn linktors_tokens_of_one_second_are_the_same_bytes() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for _ in 0..3 {
        let session = posted(&sandbox, LOGIN, &login()).await?;
        let renewed = posted(&sandbox, REFRESH, &json!({"refresh_token": session["refresh_token"]})).await?;
        if claims(&session["access_token"])?["iat"] == claims(&renewed["access_token"])?["iat"] {
            assert_eq!(session["access_token"], renewed["access_token"]);
            sandbox.control("expire", json!({"family": "linktor"}))?;
            assert_eq!(status(&sandbox, ME, &session["access_token"]).await?, 401);
            posted(&sandbox, REFRESH, &json!({"refresh_token": session["refresh_token"]})).await?;
            return Ok(());
        }
    }
    Err("no two requests within a second".into())
}

#[tokio::test]
async fn the_documented_login_of_linktor_cannot_be_renewed() -> Outcome {
    let sandbox = Sandbox::start().await?;
    sandbox.control("sessions", json!({"family": "linktor", "login_shape": "documented", "access_life": 5}))?;
    let session = post(&sandbox, LOGIN, &login()).await?.json()?;
    let keys: Vec<_> = session.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["token", "user"]);
    assert_eq!(session["user"].as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(status(&sandbox, ME, &session["token"]).await?, 200);
    sandbox.control("clock", json!({"advance": 5}))?;
    assert_eq!(status(&sandbox, ME, &session["token"]).await?, 401);
    Ok(())
}

#[tokio::test]
async fn a_changed_password_is_the_one_to_log_in_with() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let change = "PUT /linktor/api/v1/me/password";
    let body = json!({"current_password": "wrong", "new_password": "other"}).to_string();
    let refused = bearer(&sandbox, change, fixtures::LINKTOR_API_KEY, &body).await?;
    assert_eq!((refused.status, &refused.json()?["error"]["code"]), (401, &json!("INVALID_CREDENTIALS")));
    let body = json!({"current_password": fixtures::LINKTOR_PASSWORD, "new_password": "other"}).to_string();
    let changed = bearer(&sandbox, change, fixtures::LINKTOR_API_KEY, &body).await?;
    assert_eq!(changed.body, r#"{"message":"Password changed successfully","success":true}"#);
    assert_eq!(post(&sandbox, LOGIN, &login()).await?.status, 401);
    sandbox.reset();
    assert_eq!(post(&sandbox, LOGIN, &login()).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn linkit_says_when_its_session_ends_and_may_say_it_wrong() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let line = "POST /linkit/api/v1/auth/login";
    let health = "GET /linkit/api/v1/health/system";
    let body = json!({"email": fixtures::LINKIT_EMAIL, "password": fixtures::LINKIT_PASSWORD});
    let session = posted(&sandbox, line, &body).await?;
    assert_eq!(session["user"]["organization_id"], fixtures::LINKIT_ORGANIZATION);
    assert_eq!(session["user"]["email"], fixtures::LINKIT_EMAIL);
    let end: jiff::Timestamp = session["expires_at"].as_str().unwrap_or_default().parse()?;
    assert!((86_395..=86_400).contains(&(end.as_second() - jiff::Timestamp::now().as_second())));
    assert_eq!(status(&sandbox, health, &session["token"]).await?, 200);
    sandbox.control("sessions", json!({"family": "linkit", "expires_at": "past", "access_life": 60}))?;
    let other = posted(&sandbox, line, &body).await?;
    assert_ne!(session["token"], other["token"]);
    let end: jiff::Timestamp = other["expires_at"].as_str().unwrap_or_default().parse()?;
    assert!(end < jiff::Timestamp::now());
    assert_eq!(status(&sandbox, health, &other["token"]).await?, 200);
    sandbox.control("clock", json!({"advance": 60}))?;
    assert_eq!(status(&sandbox, health, &other["token"]).await?, 401);
    assert_eq!(status(&sandbox, health, &session["token"]).await?, 200);
    let raw = format!("Authorization: {}", session["token"].as_str().unwrap_or_default());
    assert_eq!(call(sandbox.url(), health, &[&raw], "").await?.status, 401);
    let refused = post(&sandbox, line, &json!({"email": fixtures::LINKIT_EMAIL, "password": "wrong"})).await?;
    assert_eq!(refused.body, r#"{"code":401,"error":"Unauthorized","details":"Invalid email or password"}"#);
    Ok(())
}

#[tokio::test]
async fn consent_brings_a_code_that_is_good_once_with_its_verifier() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let redirect_uri = "http://127.0.0.1:40001/callback";
    let encoded = "http%3A%2F%2F127.0.0.1%3A40001%2Fcallback";
    let ask = |client: &str, uri: &str, rest: &str| {
        format!("GET /api_v2/oauth/authorize?client_id={client}&redirect_uri={uri}&response_type=code{rest}")
    };
    let good = fixtures::API_V2_CLIENT_ID;
    let pkce = "&state=a%20b%26&scope=read%3Ausers+write%3Ausers\
                &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let exchange = |code: &str, uri: &str, verifier: Option<&str>| {
        let grant = json!({"grant_type": "authorization_code", "code": code, "redirect_uri": uri});
        let mut body = client(&grant);
        if let Some(verifier) = verifier {
            body["code_verifier"] = verifier.into();
        }
        body
    };
    for (uri, verifier, is_good) in [
        (redirect_uri, Some(verifier), true),
        (redirect_uri, Some("wrong"), false),
        (redirect_uri, None, false),
        (fixtures::API_V2_REDIRECT_URI, Some(verifier), false),
    ] {
        let consent = call(sandbox.url(), &ask(good, encoded, pkce), &[], "").await?;
        assert_eq!(consent.status, 302);
        let location = consent.header("location").unwrap_or_default();
        let code = location.strip_prefix(&format!("{redirect_uri}?code=")).ok_or("no code")?;
        let code = code.strip_suffix("&state=a+b%26").ok_or("no state")?;
        let reply = post(&sandbox, TOKEN, &exchange(code, uri, verifier)).await?;
        let again = post(&sandbox, TOKEN, &exchange(code, redirect_uri, Some(verifier.unwrap_or_default()))).await?;
        assert_eq!((again.status, &again.json()?["error"]["code"]), (400, &json!("invalid_grant")));
        if !is_good {
            assert_eq!((reply.status, &reply.json()?["success"]), (400, &json!(false)));
            continue;
        }
        let session = reply.json()?;
        assert_eq!(session.as_object().map(serde_json::Map::len), Some(2));
        let token = session["access_token"].as_str().unwrap_or_default();
        assert_eq!(bearer(&sandbox, "GET /api_v2/v2/users", token, "").await?.status, 200);
        let refused = bearer(&sandbox, "GET /api_v2/v2/projects", token, "").await?;
        assert_eq!((refused.status, &refused.json()?["error"]["code"]), (403, &json!("FORBIDDEN")));
        assert_eq!(bearer(&sandbox, "DELETE /api_v2/v2/users/usr_1", token, "").await?.status, 403);
    }
    let denied = call(sandbox.url(), &ask(good, encoded, "&state=s&scope=deny"), &[], "").await?;
    assert_eq!(denied.header("location"), Some(format!("{redirect_uri}?error=access_denied&state=s").as_str()));
    for (client, uri, rest, status) in [
        ("other", encoded, "&state=s", 401),
        (good, "http%3A%2F%2Fevil.example%2Fcallback", "&state=s", 400),
        (good, encoded, "", 400),
        (good, encoded, "&state=s&code_challenge=x&code_challenge_method=plain", 400),
    ] {
        assert_eq!(call(sandbox.url(), &ask(client, uri, rest), &[], "").await?.status, status);
    }
    assert_eq!(sandbox.journal()[0].path, "/oauth/authorize");
    assert_eq!(sandbox.journal()[1].path, "/oauth/token");
    let at_v1 = ask(fixtures::API_V1_CLIENT_ID, encoded, "&state=s").replace("api_v2", "api_v1");
    assert_eq!(call(sandbox.url(), &at_v1, &[], "").await?.status, 302);
    Ok(())
}

#[tokio::test]
async fn each_rotation_does_to_old_refresh_tokens_what_it_says() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let first = json!(fixtures::API_V2_REFRESH_TOKEN);
    let renew = async |token: &Value| posted(&sandbox, TOKEN, &renewal(token)).await;
    let is_refused = async |token: &Value| {
        let refused = post(&sandbox, TOKEN, &renewal(token)).await?;
        let start = r#"{"success":false,"error":{"code":"invalid_grant","message":""#;
        assert!(refused.status == 400 && refused.body.starts_with(start), "{}", refused.body);
        Ok::<_, std::io::Error>(())
    };
    let one = renew(&first).await?;
    assert_eq!(status(&sandbox, TEST, &one["access_token"]).await?, 200);
    is_refused(&first).await?;
    is_refused(&one["refresh_token"]).await?;
    assert_eq!(status(&sandbox, TEST, &one["access_token"]).await?, 401);
    assert_eq!(status(&sandbox, TEST, &fixtures::API_V2_ACCESS_TOKEN.into()).await?, 401);

    sandbox.reset();
    sandbox.control("sessions", json!({"family": "api_v2", "rotation": "overlap", "access_life": 60}))?;
    let (one, two) = (renew(&first).await?, renew(&first).await?);
    assert_eq!(one["expires_in"], 60);
    renew(&two["refresh_token"]).await?;
    is_refused(&one["refresh_token"]).await?;
    is_refused(&two["refresh_token"]).await?;

    sandbox.reset();
    sandbox.control("sessions", json!({"family": "api_v2", "rotation": "soft"}))?;
    let one = renew(&first).await?;
    for token in [&first, &one["refresh_token"], &first] {
        assert!(renew(token).await?["refresh_token"].is_string());
    }

    sandbox.reset();
    sandbox.control("sessions", json!({"family": "api_v2", "rotation": "none"}))?;
    for _ in 0..2 {
        let renewed = renew(&first).await?;
        assert_eq!(renewed.as_object().map(serde_json::Map::len), Some(1));
        assert_eq!(status(&sandbox, TEST, &renewed["access_token"]).await?, 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_client_and_a_malformed_request_are_told_apart() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let mut body = renewal(&fixtures::API_V2_REFRESH_TOKEN.into());
    body["client_secret"] = "wrong".into();
    let refused = post(&sandbox, TOKEN, &body).await?;
    assert_eq!((refused.status, &refused.json()?["error"]["code"]), (401, &json!("invalid_client")));
    let form = call(sandbox.url(), TOKEN, &[], "grant_type=refresh_token").await?;
    assert_eq!((form.status, &form.json()?["error"]["code"]), (400, &json!("invalid_request")));
    let v1 = json!({"grant_type": "refresh_token", "refresh_token": "unknown",
        "client_id": fixtures::API_V1_CLIENT_ID, "client_secret": fixtures::API_V1_CLIENT_SECRET});
    let refused = post(&sandbox, "POST /api_v1/oauth/token", &v1).await?;
    assert_eq!(refused.status, 400);
    assert!(refused.body.starts_with(r#"{"error":{"code":"invalid_grant","message":""#), "{}", refused.body);
    Ok(())
}

#[tokio::test]
async fn a_token_can_be_expired_and_a_session_or_key_revoked() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let me = "GET /api_v1/v1/users/me";
    let (key, access) = (json!(fixtures::API_V1_API_KEY), json!(fixtures::API_V1_ACCESS_TOKEN));
    let body = json!({"grant_type": "refresh_token", "refresh_token": fixtures::API_V1_REFRESH_TOKEN,
        "client_id": fixtures::API_V1_CLIENT_ID, "client_secret": fixtures::API_V1_CLIENT_SECRET});
    sandbox.control("expire", json!({"family": "api_v1", "token": access}))?;
    let expired = bearer(&sandbox, me, fixtures::API_V1_ACCESS_TOKEN, "").await?;
    assert_eq!((expired.status, &expired.json()?["error"]), (401, &json!("token_expired")));
    let renewed = posted(&sandbox, "POST /api_v1/oauth/token", &body).await?;
    assert_eq!(status(&sandbox, me, &renewed["access_token"]).await?, 200);
    assert_eq!(status(&sandbox, me, &key).await?, 200);
    sandbox.control("revoke", json!({"family": "api_v1", "token": renewed["refresh_token"]}))?;
    let revoked = bearer(&sandbox, me, renewed["access_token"].as_str().unwrap_or_default(), "").await?;
    assert_eq!((revoked.status, &revoked.json()?["error"]), (401, &json!("invalid_api_key")));
    sandbox.control("revoke", json!({"family": "api_v1", "token": key}))?;
    assert_eq!(status(&sandbox, me, &key).await?, 401);
    sandbox.reset();
    for token in [&key, &access] {
        assert_eq!(status(&sandbox, me, token).await?, 200);
    }
    let all = call(sandbox.url(), "POST /_sandbox/revoke", &[], r#"{"family":"api_v1"}"#).await?;
    assert_eq!((all.status, all.body.as_str()), (200, r#"{"ok":true}"#));
    assert_eq!(post(&sandbox, "POST /api_v1/oauth/token", &body).await?.status, 400);
    assert_eq!((status(&sandbox, me, &key).await?, status(&sandbox, me, &access).await?), (200, 401));
    Ok(())
}

#[tokio::test]
async fn api_v2_checks_the_tokens_that_its_callers_mint() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let now = jiff::Timestamp::now().as_second();
    let secret = fixtures::API_V2_JWT_SECRET;
    let claims = json!({"sub": "ada", "name": "Ada", "scopes": ["read:all", "write:own"], "iat": now,
        "exp": now + 3_600, "iss": "api.example.com"});
    let with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        changed
    };
    let good = mint(&json!({"alg": "HS256", "typ": "JWT"}), &claims, secret)?;
    assert_eq!(bearer(&sandbox, TEST, &good, "").await?.status, 200);
    assert_eq!(bearer(&sandbox, "GET /api_v2/v2/projects/prj_1", &good, "").await?.status, 200);
    assert_eq!(bearer(&sandbox, "PUT /api_v2/v2/projects/prj_1", &good, "{}").await?.status, 200);
    assert_eq!(bearer(&sandbox, "DELETE /api_v2/v2/projects/prj_1", &good, "").await?.status, 403);
    let header = json!({"alg": "HS256"});
    for bad in [
        mint(&json!({"alg": "none"}), &claims, secret)?,
        mint(&json!({"alg": "HS512"}), &claims, secret)?,
        mint(&header, &claims, "other")?,
        mint(&header, &with("iss", "elsewhere".into()), secret)?,
        mint(&header, &with("exp", now.into()), secret)?,
        mint(&header, &with("exp", Value::Null), secret)?,
    ] {
        let refused = bearer(&sandbox, TEST, &bad, "").await?;
        assert_eq!((refused.status, &refused.json()?["error"]["code"]), (401, &json!("UNAUTHORIZED")));
    }
    sandbox.control("clock", json!({"advance": 3_600}))?;
    assert_eq!(bearer(&sandbox, TEST, &good, "").await?.status, 401);
    assert_eq!(bearer(&sandbox, "GET /api_v1/v1/users/me", &good, "").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn dates_follow_the_clock() -> Outcome {
    let sandbox = Sandbox::start().await?;
    sandbox.control("clock", json!({"advance": 86_400 * 3_660}))?;
    sandbox.script(vec![Answer::status(204), Answer::status(200).header("Date", "yesterday"), Answer::pass()]);
    let mut dates = Vec::new();
    for _ in 0..3 {
        let reply = call(sandbox.url(), ME, &[], "").await?;
        assert_eq!(reply.head.to_lowercase().matches("\r\ndate: ").count(), 1);
        dates.push(reply.header("date").unwrap_or_default().to_owned());
    }
    let year = jiff::Timestamp::now().to_string()[..4].parse::<i32>()? + 10;
    assert!(dates[0].contains(&year.to_string()) && dates[2].contains(&year.to_string()), "{dates:?}");
    assert_eq!(dates[1], "yesterday");
    Ok(())
}

#[tokio::test]
async fn a_control_call_that_cannot_be_is_refused_with_its_reason() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for (name, with, reason) in [
        ("expire", json!({"family": "linkedin"}), "linkedin"),
        ("expire", json!({"family": "linktor", "token": "unknown"}), "no such"),
        ("expire", json!({"family": "libromi"}), "no such"),
        ("revoke", json!({"family": "linktor", "token": "unknown"}), "no such"),
        ("revoke", json!({}), "family"),
        ("clock", json!({"advance": "1"}), "i64"),
        ("clock", json!({"advance": i64::MAX}), "advance"),
        ("sessions", json!({"family": "linktor", "rotation": "hard"}), "hard"),
        ("sessions", json!({"family": "linkit", "rotation": "soft"}), "rotation"),
        ("sessions", json!({"family": "api_v2", "expires_at": "past"}), "expires_at"),
        ("sessions", json!({"family": "libromi", "access_life": 1}), "access_life"),
        ("sessions", json!({"family": "linktor", "acces_life": 1}), "acces_life"),
        ("limits", json!({"family": "linkit", "limits": "published"}), "linkit"),
        ("limits", json!({"family": "libromi", "limits": "published", "tier": "pro"}), "pro"),
        ("limits", json!({"family": "linktor", "limits": "open", "tier": "free"}), "tier"),
        ("limits", json!({"family": "linktor", "limits": [{"limit": 1, "window": 0}]}), "window"),
        ("limits", json!({"family": "linktor", "limits": [{"limit": 1, "window": 1, "class": "x"}]}), "x"),
    ] {
        let told = sandbox.control(name, with.clone()).err().unwrap_or_default();
        assert!(told.contains(reason), "{name} {with}: {told}");
        let refused = call(sandbox.url(), &format!("POST /_sandbox/{name}"), &[], &with.to_string()).await?;
        assert_eq!((refused.status, &refused.json()?["error"]), (400, &json!(told)));
    }
    assert!(sandbox.control("nothing", json!({})).is_err());
    Ok(())
}

fn claims(token: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let claims = token.as_str().and_then(|token| token.split('.').nth(1)).ok_or("no token")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?)
}

fn mint(header: &Value, claims: &Value, secret: &str) -> Result<String, Box<dyn std::error::Error>> {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?.chain_update(&signed).finalize().into_bytes();
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
