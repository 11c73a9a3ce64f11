//! Scripted answers, the journal and the control plane, to the byte.

mod common;

use std::error::Error;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use common::{Outcome, bearer, call, eventually, open};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ME: &str = "GET /linktor/api/v1/me";
const MESSAGE: &str = r#"{"content_type":"text","content":"Hi"}"#;

/// Opens a conversation and gives the path of its messages.
async fn conversation(sandbox: &Sandbox) -> Result<String, Box<dyn Error>> {
    let path = "/linktor/api/v1/conversations";
    let sent = r#"{"contact_id":"con_1","channel_id":"chn_1"}"#;
    let made = bearer(sandbox, &format!("POST {path}"), fixtures::LINKTOR_API_KEY, sent).await?.json()?;
    Ok(format!("{path}/{}/messages", made["data"]["id"].as_str().unwrap_or_default()))
}

/// How many messages a GET of `path` shows.
async fn stored(sandbox: &Sandbox, path: &str) -> Result<Option<u64>, Box<dyn Error>> {
    let list = bearer(sandbox, &format!("GET {path}"), fixtures::LINKTOR_API_KEY, "").await?.json()?;
    Ok(list["meta"]["total_items"].as_u64())
}

#[tokio::test]
async fn a_reset_is_an_rst_and_a_close_is_an_end() -> Outcome {
    let sandbox = Sandbox::start().await?;
    sandbox.script(vec![Answer::reset(), Answer::close()]);
    let mut bytes = Vec::new();
    let mut stream = open(sandbox.url(), "POST /linktor/x", &[], "{}").await?;
    let error = stream.read_to_end(&mut bytes).await.err().map(|error| error.kind());
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
    let mut stream = open(sandbox.url(), ME, &[], "").await?;
    assert_eq!(stream.read_to_end(&mut bytes).await?, 0);
    assert!(sandbox.journal().iter().all(|entry| entry.status.is_none() && !entry.aborted));
    Ok(())
}

#[tokio::test]
async fn half_of_a_truncated_body_arrives() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let script = vec![
        Answer::default().body("0123456789").truncate(),
        Answer::status(200).body("abc").repeat(1_000_001).truncate(),
        Answer::status(200).body("abc").repeat(1_000_001),
        Answer::status(200).body("x").truncate(),
    ];
    sandbox.script(script);
    let half = call(sandbox.url(), ME, &[], "").await?;
    assert_eq!((half.header("content-length"), half.body.as_str()), (Some("10"), "01234"));
    let half = call(sandbox.url(), ME, &[], "").await?;
    assert_eq!((half.header("content-length"), half.body.len()), (Some("3000003"), 1_500_001));
    let whole = call(sandbox.url(), ME, &[], "").await?;
    assert!(whole.body.len() == 3_000_003 && whole.body.as_bytes().chunks(3).all(|piece| piece == b"abc"));
    let none = call(sandbox.url(), ME, &[], "").await?;
    assert_eq!((none.header("content-length"), none.body.as_str()), (Some("1"), ""));
    assert!(sandbox.journal().iter().all(|entry| entry.status == Some(200) && !entry.aborted));
    Ok(())
}

#[tokio::test]
async fn the_journal_holds_the_request_as_it_came() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let line = "PUT /api_v2/v2//a%2Fb/../%C3%A9?q=%20&q=+";
    let headers = ["X-One: 1", "Authorization: Bearer a|b", "X-Two:  2 ", "X-One: 3"];
    call(sandbox.url(), line, &headers, "{\"a\": 1.0}\n").await?;
    let journal = call(sandbox.url(), "GET /_sandbox/journal", &[], "").await?;
    let host = sandbox.url().trim_start_matches("http://");
    let expected = json!({"entries": [{
        "family": "api_v2",
        "method": "PUT",
        "path": "/v2//a%2Fb/../%C3%A9",
        "query": "q=%20&q=+",
        "headers": [
            ["host", host],
            ["connection", "close"],
            ["x-one", "1"],
            ["x-one", "3"],
            ["authorization", "Bearer a|b"],
            ["x-two", "2"],
            ["content-length", "11"],
        ],
        "body": "{\"a\": 1.0}\n",
        "status": 404,
        "aborted": false,
    }]});
    assert_eq!(journal.json()?, expected);
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_is_aborted_and_its_delay_abandoned() -> Outcome {
    let sandbox = Sandbox::start().await?;
    sandbox.script(vec![Answer::status(200).delay_ms(600_000)]);
    let stream = open(sandbox.url(), ME, &[], "").await?;
    assert!(eventually(&sandbox, |entry| !entry.aborted).await);
    drop(stream);
    assert!(eventually(&sandbox, |entry| entry.aborted && entry.status.is_none()).await);
    sandbox.reset();
    sandbox.script(vec![Answer::status(200).body("0123456789").repeat(20_000_000)]);
    let mut stream = open(sandbox.url(), ME, &[], "").await?;
    assert!(stream.read(&mut [0; 64]).await? > 0);
    drop(stream);
    assert!(eventually(&sandbox, |entry| entry.aborted && entry.status == Some(200)).await);
    sandbox.reset();
    let stream = open(sandbox.url(), ME, &["Content-Length: 9"], "").await?;
    assert!(eventually(&sandbox, |entry| !entry.aborted).await);
    drop(stream);
    assert!(eventually(&sandbox, |entry| entry.aborted && entry.status.is_none()).await);
    Ok(())
}

#[tokio::test]
async fn what_acts_first_stores_once_and_then_answers_as_written() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let path = conversation(&sandbox).await?;
    let cases = [
        (Answer::status(500), Ok((500, None, ""))),
        (Answer::status(503).header("Retry-After", "2").body("Later"), Ok((503, Some("2"), "Later"))),
        (Answer::status(201).body("0123").truncate(), Ok((201, None, "01"))),
        (Answer::reset(), Err(ErrorKind::ConnectionReset)),
        (Answer::close(), Err(ErrorKind::UnexpectedEof)),
    ];
    for (number, (answer, outcome)) in (1..).zip(cases) {
        sandbox.script(vec![answer.act()]);
        let reply = bearer(&sandbox, &format!("POST {path}"), fixtures::LINKTOR_API_KEY, MESSAGE).await;
        let got = reply.as_ref().map(|reply| (reply.status, reply.header("retry-after"), reply.body.as_str()));
        assert_eq!(got.map_err(std::io::Error::kind), outcome);
        assert!(reply.ok().is_none_or(|reply| reply.header("x-ratelimit-limit").is_none()));
        assert_eq!(stored(&sandbox, &path).await?, Some(number));
    }
    Ok(())
}

#[tokio::test]
async fn what_acts_first_is_stored_although_its_client_leaves_during_the_delay() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let path = conversation(&sandbox).await?;
    sandbox.script(vec![Answer::status(201).delay_ms(600_000).act()]);
    let key = format!("Authorization: Bearer {}", fixtures::LINKTOR_API_KEY);
    let stream = open(sandbox.url(), &format!("POST {path}"), &[&key], MESSAGE).await?;
    assert!(eventually(&sandbox, |entry| entry.body.as_deref() == Some(MESSAGE)).await);
    drop(stream);
    assert!(eventually(&sandbox, |entry| entry.aborted && entry.status.is_none()).await);
    assert_eq!(stored(&sandbox, &path).await?, Some(1));
    Ok(())
}

#[tokio::test]
async fn what_acts_first_is_checked_and_counted() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let path = conversation(&sandbox).await?;
    let post = format!("POST {path}");
    let limits = json!([{"limit": 1, "window": 60, "class": "messages"}]);
    sandbox.control("limits", json!({"family": "linktor", "limits": limits}))?;
    sandbox.script(vec![Answer::status(500).act(); 3]);
    for key in ["nobody", fixtures::LINKTOR_API_KEY, fixtures::LINKTOR_API_KEY] {
        assert_eq!(bearer(&sandbox, &post, key, MESSAGE).await?.status, 500);
    }
    assert_eq!(bearer(&sandbox, &post, fixtures::LINKTOR_API_KEY, MESSAGE).await?.status, 429);
    assert_eq!(stored(&sandbox, &path).await?, Some(1));
    Ok(())
}

#[tokio::test]
async fn the_first_answer_that_matches_is_taken() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let script = json!({"answers": [
        {"match": {"family": "api_v1"}, "status": 418},
        {"match": {"method": "POST"}, "status": 418},
        {"match": {"path": "/api/v1/me"}, "redirect": "~/contacts?page=1", "headers": {"Set-Cookie": ["a=1", "b=2"]}},
        {"redirect": "http://elsewhere.example/", "status": 307},
        {"json": null},
        {"body_base64": "AP8=", "headers": {"Content-Type": "application/octet-stream"}},
        {"pass": true, "delay_ms": 50},
    ]});
    let control = call(sandbox.url(), "POST /_sandbox/script", &[], &script.to_string()).await?;
    assert_eq!(control.status, 200);
    let moved = call(sandbox.url(), ME, &[], "").await?;
    let location = format!("{}/contacts?page=1", sandbox.base_url("linktor"));
    assert_eq!((moved.status, moved.header("location")), (302, Some(location.as_str())));
    assert_eq!(moved.head.matches("set-cookie: ").count(), 2);
    let moved = call(sandbox.url(), ME, &[], "").await?;
    assert_eq!((moved.status, moved.header("location")), (307, Some("http://elsewhere.example/")));
    let null = call(sandbox.url(), ME, &[], "").await?;
    assert_eq!((null.body.as_str(), null.header("content-type")), ("null", Some("application/json")));
    assert_eq!(call(sandbox.url(), ME, &[], "").await?.header("content-length"), Some("2"));
    let start = Instant::now();
    assert_eq!(call(sandbox.url(), ME, &[], "").await?.status, 401);
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(call(sandbox.url(), "POST /linktor/x", &[], "").await?.status, 418);
    assert_eq!(call(sandbox.url(), "GET /api_v1/x", &[], "").await?.status, 418);
    let statuses: Vec<_> = sandbox.journal().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [302, 307, 200, 200, 401, 418, 418].map(Some));
    Ok(())
}

#[tokio::test]
async fn a_malformed_control_call_is_refused_and_nothing_is_journaled() -> Outcome {
    let sandbox = Sandbox::start().await?;
    for (body, reason) in [
        ("", "EOF"),
        (r#"{"answer":[]}"#, "answer"),
        (r#"{"answers":[{"stauts":1}]}"#, "stauts"),
        (r#"{"answers":[{},{"status":99}]}"#, "answers[1]: status"),
    ] {
        let refused = call(sandbox.url(), "POST /_sandbox/script", &[], body).await?;
        assert_eq!(refused.status, 400);
        let message = refused.json()?["error"].to_string();
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(call(sandbox.url(), "GET /_sandbox/nothing", &[], "").await?.status, 404);
    assert_eq!(call(sandbox.url(), "GET /_sandbox/reset", &[], "").await?.status, 405);
    assert_eq!(call(sandbox.url(), "GET /linktors/x", &[], "").await?.status, 404);
    assert_eq!(call(sandbox.url(), "GET /_sandbox", &[], "").await?.json()?, sandbox.ready());
    assert!(sandbox.journal().is_empty());
    sandbox.script(vec![Answer::status(418)]);
    assert_eq!(call(sandbox.url(), "POST /_sandbox/reset", &[], "").await?.status, 200);
    let key = format!("Authorization: Bearer {}", fixtures::LINKTOR_API_KEY);
    assert_eq!(call(sandbox.url(), ME, &[&key], "").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_journal_forgets_all_but_the_last_twenty_thousand() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let mut stream = tokio::net::TcpStream::connect(sandbox.url().trim_start_matches("http://")).await?;
    let (mut input, mut output) = stream.split();
    let writing = async {
        for number in 0..20_100 {
            let request = format!("GET /api_v1/{number} HTTP/1.1\r\nHost: x\r\n\r\n");
            output.write_all(request.as_bytes()).await?;
        }
        output.shutdown().await
    };
    let mut bytes = Vec::new();
    let (written, read) = tokio::join!(writing, input.read_to_end(&mut bytes));
    written?;
    read?;
    let journal = sandbox.journal();
    assert_eq!(journal.len(), 20_000);
    assert_eq!(journal.last().map(|entry| entry.path.as_str()), Some("/20099"));
    Ok(())
}

#[tokio::test]
async fn dropping_the_sandbox_ends_its_connections() -> Outcome {
    let sandbox = Sandbox::start().await?;
    let url = sandbox.url().to_owned();
    sandbox.script(vec![Answer::status(200).delay_ms(600_000)]);
    let mut stream = open(&url, ME, &[], "").await?;
    assert!(eventually(&sandbox, |_| true).await);
    drop(sandbox);
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 8])).await?;
    assert!(matches!(ended, Ok(0) | Err(_)));
    assert!(open(&url, ME, &[], "").await.is_err());
    Ok(())
}
