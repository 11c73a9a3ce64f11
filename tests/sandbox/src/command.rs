//! The subcommand `webhook`: one call of the deliveries, made without a server.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value};

pub(crate) const USAGE: &str = "linktor-sandbox webhook --to URL --family NAME --event TYPE [--data JSON] \
                                [--secret TEXT] [--tamper HOW] [--times N]";

/// Delivers, prints the report, and succeeds if the last delivery was answered with a 2xx.
///
/// Fails with the exit code and the reason when the arguments are wrong.
pub(crate) async fn webhook(arguments: impl Iterator<Item = String>) -> Result<ExitCode, (u8, String)> {
    let wrong = |problem| (2, format!("{problem}\nusage: {USAGE}"));
    let call = call(arguments).map_err(wrong)?;
    let report = linktor_sandbox::deliver(call).await.map_err(wrong)?;
    let mut output = io::stdout();
    writeln!(output, "{report}").and_then(|()| output.flush()).map_err(|error| (1, error.to_string()))?;
    let last = report["deliveries"].as_array().and_then(|deliveries| deliveries.last());
    let received = last.and_then(|last| last["status"].as_u64()).is_some_and(|status| (200..300).contains(&status));
    Ok(if received { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn call(mut arguments: impl Iterator<Item = String>) -> Result<Value, String> {
    let mut call = Map::new();
    while let Some(argument) = arguments.next() {
        let name = match argument.as_str() {
            "--to" => "url",
            "--family" | "--event" | "--data" | "--secret" | "--tamper" | "--times" => &argument[2..],
            _ => return Err(format!("unknown argument `{argument}`")),
        };
        let text = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        let value = match name {
            "data" => serde_json::from_str(&text).map_err(|problem| format!("--data is not JSON: {problem}"))?,
            "times" => text.parse::<u32>().map_err(|_| format!("`{text}` is not a number of times"))?.into(),
            _ => text.into(),
        };
        call.insert(name.to_owned(), value);
    }
    for (argument, name) in [("--to", "url"), ("--family", "family"), ("--event", "event")] {
        if !call.contains_key(name) {
            return Err(format!("{argument} is missing"));
        }
    }
    Ok(call.into())
}
