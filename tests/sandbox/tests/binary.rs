//! The binary, as the other languages run it.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::{Outcome, call};
use serde_json::Value;

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
