//! `linktor-sandbox [--port N]`: prints the ready line, and serves until its standard input closes.
//! `linktor-sandbox webhook …`: delivers an event to a receiver, and serves nothing.

mod command;

use std::io::{self, Write};
use std::process::ExitCode;

use linktor_sandbox::Sandbox;
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let outcome = if arguments.next_if(|first| first == "webhook").is_some() {
        command::webhook(arguments).await
    } else {
        match port(arguments) {
            Ok(port) => serve(port).await.map_err(|error| (1, error.to_string())),
            Err(problem) => {
                Err((2, format!("{problem}\nusage: linktor-sandbox [--port N]\n       {}", command::USAGE)))
            }
        }
    };
    match outcome {
        Ok(code) => code,
        Err((code, message)) => {
            // Nobody is left to be told when standard error is closed.
            let _ = writeln!(io::stderr(), "linktor-sandbox: {message}");
            ExitCode::from(code)
        }
    }
}

fn port(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    let mut port = 0;
    while let Some(argument) = arguments.next() {
        if argument != "--port" {
            return Err(format!("unknown argument `{argument}`"));
        }
        let number = arguments.next().ok_or("--port needs a number")?;
        port = number.parse().map_err(|_| format!("`{number}` is not a port"))?;
    }
    Ok(port)
}

async fn serve(port: u16) -> io::Result<ExitCode> {
    let sandbox = Sandbox::start_on(port).await?;
    let mut output = io::stdout();
    writeln!(output, "{}", sandbox.ready())?;
    output.flush()?;
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 1024];
    while input.read(&mut ignored).await? > 0 {}
    Ok(ExitCode::SUCCESS)
}
