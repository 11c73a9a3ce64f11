//! The binary, as the other languages run it.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use common::receiver::Receiver;
use common::{Outcome, call};
use serde_json::{Value, json};

#[tokio::test]
async fn it_prints_one_line_and_ends_with_its_standard_input() -> Outcome {
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_linktor-sandbox")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut line = String::new();
    output.read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line)?;
    let url = ready["url"].as_str().ok_or("no url")?;
    for family in ["linktor", "linkit", "libromi", "api_v2", "api_v1"] {
        let base = ready["base_urls"][family].as_str().ok_or("no base")?;
        assert!(base.starts_with(&format!("{url}/{family}/")), "{base}");
        assert!(ready["credentials"][family]["api_key"].is_string());
    }
    assert_eq!(ready["credentials"]["linkit"]["organization"], "org_sandbox");
    assert_eq!(call(url, "GET /_sandbox", &[], "").await?.json()?, ready);
    drop(child.stdin.take());
    assert!(child.wait()?.success());
    line.clear();
    assert_eq!(output.read_line(&mut line)?, 0);
    Ok(())
}

#[test]
fn an_unknown_argument_is_refused() -> Outcome {
    for arguments in [&["--prot", "1"][..], &["--port"], &["--port", "x"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_linktor-sandbox")).args(arguments).stdin(Stdio::null()).output()?;
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    Ok(())
}

fn webhook(arguments: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linktor-sandbox"));
    command.arg("webhook").args(arguments).stdin(Stdio::null()).output()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_delivered_without_a_server() -> Outcome {
    let receiver = Receiver::start(&[(500, "no"), (204, ""), (404, "")]).await?;
    let order = ["--to", &receiver.url, "--family", "linktor", "--event", "message.received"];
    let output = webhook(&[&order[..], &["--data", r#"{"a":1}"#, "--secret", "other", "--tamper", "stale"]].concat())?;
    assert_eq!((output.status.code(), str::from_utf8(&output.stderr)?), (Some(0), ""));
    let line = str::from_utf8(&output.stdout)?;
    assert_eq!((line.matches('\n').count(), line.ends_with('\n')), (1, true));
    let came = receiver.received();
    assert_eq!((came.len(), &came[1].json()["data"]), (2, &json!({"a": 1})));
    let deliveries = json!([{"after": 0, "status": 500, "body": "no"}, {"after": 60, "status": 204, "body": ""}]);
    let report: Value = serde_json::from_str(line)?;
    assert_eq!(report, json!({"id": came[1].json()["id"], "deliveries": deliveries}));

    let once = ["--to", &receiver.url, "--family", "libromi", "--event", "message.sent"];
    assert_eq!(webhook(&once)?.status.code(), Some(1));
    assert_eq!(webhook(&[&once[..], &["--times", "2"]].concat())?.status.code(), Some(0));
    assert_eq!(receiver.received().len(), 5);
    Ok(())
}

#[test]
fn a_webhook_that_nobody_takes_is_a_report_and_a_failure() -> Outcome {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = webhook(&["--to", &format!("http://{closed}"), "--family", "libromi", "--event", "a"])?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((output.status.code(), report["deliveries"].as_array().map(Vec::len)), (Some(1), Some(1)));
    assert!(report["deliveries"][0]["error"].is_string());
    Ok(())
}

#[test]
fn wrong_arguments_of_a_webhook_are_refused() -> Outcome {
    let whole = ["--to", "http://127.0.0.1:9", "--family", "linktor", "--event", "a"];
    for (arguments, reason) in [
        (&whole[2..], "--to is missing"),
        (&whole[..4], "--event is missing"),
        (&whole[..5], "--event needs a value"),
        (&[&whole[..], &["--data", "{"]].concat(), "--data is not JSON"),
        (&[&whole[..], &["--times", "many"]].concat(), "`many`"),
        (&[&whole[..], &["--times", "0"]].concat(), "times"),
        (&[&whole[..], &["--tamper", "all"]].concat(), "all"),
        (&[&whole[..], &["--port", "1"]].concat(), "--port"),
        (&[&whole[..], &["--family", "linkit"]].concat(), "linkit publishes no webhooks"),
        (&[&whole[..], &["--to", "https://127.0.0.1:9"]].concat(), "https"),
    ] {
        let output = webhook(arguments)?;
        let problem = str::from_utf8(&output.stderr)?;
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{arguments:?}");
        assert!(problem.contains(reason) && problem.contains("usage: linktor-sandbox webhook"), "{problem}");
    }
    Ok(())
}
