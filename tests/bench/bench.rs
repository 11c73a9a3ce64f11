//! A call through the client against bare reqwest, in one interleaved run against the
//! same sandbox in a process of its own.

use std::error::Error;
use std::future::Future;
use std::io::{BufRead, BufReader, Write, stdout};
use std::process::{Command, Stdio};
use std::time::Instant;

use linktor::Client;
use serde_json::Value;

const ROUNDS: usize = 9;
const CALLS: usize = 4_000;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let binary = std::env::current_exe()?.with_file_name("linktor-sandbox");
    let mut sandbox = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(sandbox.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line)?;
    let base = ready["base_urls"]["linktor"].as_str().ok_or("no base URL")?;
    let key = ready["credentials"]["linktor"]["api_key"].as_str().ok_or("no key")?;

    let client = Client::builder().api_key(key).base_url(base).build()?;
    // The peer takes the process's crypto provider; this client brings its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let peer = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{base}/me");
    let authorization = format!("Bearer {key}");

    let mut out = stdout().lock();
    for concurrency in [1, 32] {
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let ours = rate(concurrency, || async {
                let response = client.get("/me").send().await?;
                assert_eq!(response.status(), 200);
                Ok(response.bytes().len())
            })
            .await?;
            let theirs = rate(concurrency, || async {
                let request =
                    peer.get(&url).header("authorization", &authorization).header("accept", "application/json");
                let response = request.send().await?;
                assert_eq!(response.status(), 200);
                Ok(response.bytes().await?.len())
            })
            .await?;
            // The first round warms up.
            if round > 0 {
                rounds.push((ours, theirs));
            }
        }
        let ours = median(rounds.iter().map(|(ours, _)| *ours));
        let theirs = median(rounds.iter().map(|(_, theirs)| *theirs));
        let ratios: Vec<f64> = rounds.iter().map(|(ours, theirs)| ours / theirs).collect();
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(0.0, f64::max);
        let ratio = median(ratios.into_iter());
        writeln!(
            out,
            "rust    at {concurrency:2}  linktor {ours:7.0}/s  reqwest {theirs:7.0}/s  ratio {ratio:.2} ({low:.2} to {high:.2})"
        )?;
    }
    drop(sandbox.stdin.take());
    sandbox.wait()?;
    Ok(())
}

/// Calls a second.
async fn rate<F: Future<Output = Result<usize, Failure>>>(
    concurrency: usize,
    call: impl Fn() -> F,
) -> Result<f64, Failure> {
    let started = Instant::now();
    let workers = (0..concurrency).map(|_| async {
        for _ in 0..CALLS / concurrency {
            call().await?;
        }
        Ok::<_, Failure>(())
    });
    futures_util::future::try_join_all(workers).await?;
    #[allow(clippy::cast_precision_loss)]
    Ok((CALLS / concurrency * concurrency) as f64 / started.elapsed().as_secs_f64())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
