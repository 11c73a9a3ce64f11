//! A raw HTTP client, so that nothing stands between a test and the bytes.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod receiver;

use std::error::Error;
use std::io;

use linktor_sandbox::{Entry, Sandbox};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// One answer, as read until the connection ended.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// Sends `line` (`GET /path`), these header lines and this body, and reads until the end.
pub(crate) async fn call(url: &str, line: &str, headers: &[&str], body: &str) -> io::Result<Reply> {
    let mut stream = open(url, line, headers, body).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Reply { status: status.ok_or(io::ErrorKind::InvalidData)?, head: head.to_owned(), body: body.to_owned() })
}

/// Calls as every family wants to be called, with a `Bearer` token.
pub(crate) async fn bearer(sandbox: &Sandbox, line: &str, token: &str, body: &str) -> io::Result<Reply> {
    let authorization = format!("Authorization: Bearer {token}");
    let headers = [&authorization, "Accept: application/json", "X-API-Version: 2.0", "X-Request-ID: r-1"];
    call(sandbox.url(), line, &headers, body).await
}

/// Sends a request and leaves the answer to the caller.
pub(crate) async fn open(url: &str, line: &str, headers: &[&str], body: &str) -> io::Result<TcpStream> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await?;
    let mut request = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    if !body.is_empty() {
        request.push_str("Content-Length: ");
        request.push_str(&body.len().to_string());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// Waits until the last entry is as `wanted`: a client that leaves is noticed a moment later.
pub(crate) async fn eventually(sandbox: &Sandbox, wanted: impl Fn(&Entry) -> bool) -> bool {
    for _ in 0..400 {
        if sandbox.journal().last().is_some_and(&wanted) {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    false
}
