//! `bench-driver CLIENT URL` makes one client and says how long it takes for what it is
//! told to do.
//!
//! When it is ready it writes `{"version": …}`. Then each line of standard input is a
//! command in JSON, and a line of standard output its answer, until standard input closes:
//! * `{"calls": 2048, "at_once": 32}`: GETs of `URL/contacts`, each decoded and checked.
//!   Wall clock as `seconds` and the whole process's CPU time as `cpu_seconds`; one at a
//!   time also `p50_us` and `p99_us`, microseconds of single calls.
//! * `{"verify": 20000, "size": 1024}`: deliveries of so many bytes; `seconds`.
//! * `{"pipeline": 100000, "limits": false}`: calls that a transport in memory answers at
//!   once, without or with the headers of a rate limit; `seconds`.

mod calls;
mod lock;
mod peers;
mod pipeline;
mod webhook;

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::num::NonZeroUsize;

use linktor::Pacing;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::peers::{Hyper, Reqwest};

type Failure = Box<dyn Error + Send + Sync>;

enum Client {
    Linktor(linktor::Client),
    LinktorPacingOff,
    Reqwest(Reqwest),
    Hyper(Box<Hyper>),
    Hmac,
    Sha2,
}

struct Known {
    name: &'static str,
    /// Whose versions are told.
    packages: &'static [&'static str],
    make: fn(url: &str) -> Result<Client, Failure>,
}

const CLIENTS: [Known; 6] = [
    Known { name: "linktor", packages: &["linktor"], make: |url| Ok(Client::Linktor(peers::linktor(url)?)) },
    Known { name: "linktor, pacing off", packages: &["linktor"], make: |_| Ok(Client::LinktorPacingOff) },
    Known { name: "reqwest", packages: &["reqwest"], make: |url| Ok(Client::Reqwest(Reqwest::new(url)?)) },
    Known { name: "hyper", packages: &["hyper"], make: |url| Ok(Client::Hyper(Box::new(Hyper::new(url)?))) },
    Known { name: "hmac + sha2", packages: &["hmac", "sha2"], make: |_| Ok(Client::Hmac) },
    Known { name: "sha2", packages: &["sha2"], make: |_| Ok(Client::Sha2) },
];

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Command {
    Calls { calls: NonZeroUsize, at_once: NonZeroUsize },
    Verify { verify: u32, size: usize },
    Pipeline { pipeline: u32, limits: bool },
}

impl Client {
    /// Nothing where the client does not know the command.
    async fn answer(&self, command: Command) -> Result<Option<Value>, Failure> {
        Ok(Some(match (command, self) {
            (Command::Calls { calls, at_once }, Self::Linktor(client)) => calls::timed(client, calls, at_once).await?,
            (Command::Calls { calls, at_once }, Self::Reqwest(client)) => calls::timed(client, calls, at_once).await?,
            (Command::Calls { calls, at_once }, Self::Hyper(client)) => calls::timed(&**client, calls, at_once).await?,
            (Command::Verify { verify, size }, Self::Linktor(_)) => webhook::linktor(verify, size)?,
            (Command::Verify { verify, size }, Self::Hmac) => webhook::hmac(verify, size)?,
            (Command::Verify { verify, size }, Self::Sha2) => webhook::sha2(verify, size)?,
            (Command::Pipeline { pipeline, limits }, Self::Linktor(_)) => {
                pipeline::timed(pipeline, limits, Pacing::default()).await?
            }
            (Command::Pipeline { pipeline, limits }, Self::LinktorPacingOff) => {
                pipeline::timed(pipeline, limits, Pacing::Off).await?
            }
            _ => return Ok(None),
        }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, url] = arguments.as_slice() else { return Err("use: bench-driver CLIENT URL".into()) };
    let Some(known) = CLIENTS.iter().find(|known| known.name == name) else {
        let names = CLIENTS.map(|known| known.name);
        return Err(format!("there is no client {name:?}; known are {names:?}").into());
    };
    let client = (known.make)(url)?;
    writeln!(stdout(), "{}", json!({ "version": lock::versions(known.packages)? }))?;
    for line in stdin().lines() {
        let line = line?;
        let command = serde_json::from_str(&line).map_err(|_| format!("there is no command {line}"))?;
        let answer = client.answer(command).await?.ok_or_else(|| format!("{name} has no command {line}"))?;
        writeln!(stdout(), "{answer}")?;
    }
    Ok(())
}
