//! One request to the receiver, over a connection of its own.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long a delivery may take, from connecting to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// So much of an answer's body is read.
const KEPT: usize = 64 * 1024;

/// Where a receiver listens.
pub(super) struct Target {
    address: String,
    host: HeaderValue,
    path: Uri,
}

impl Target {
    pub(super) fn of(url: &str) -> Result<Self, String> {
        let wrong = |problem: &str| format!("url: {problem}");
        let uri: Uri = url.parse().map_err(|problem| format!("url: {problem}"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(wrong("https is not spoken here: deliveries are made over plain http")),
            _ => return Err(wrong("it does not begin with http://")),
        }
        let authority = uri.authority().ok_or_else(|| wrong("there is no host"))?.as_str();
        if authority.contains('@') {
            return Err(wrong("a user has no place in it"));
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("there is no host"))?;
        let port = match authority.strip_prefix(host).unwrap_or_default() {
            "" | ":" => 80,
            port => port.trim_start_matches(':').parse::<u16>().map_err(|_| wrong("the port is none"))?,
        };
        let path = uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Ok(Self {
            address: format!("{host}:{port}"),
            host: HeaderValue::from_str(authority).map_err(|_| wrong("the host is none"))?,
            path: path.parse().map_err(|problem| format!("url: {problem}"))?,
        })
    }
}

/// Sends once, and gives the answer as it came: redirects are not followed.
///
/// Fails with the reason when no answer came, or not all of it.
pub(super) async fn send(target: &Target, headers: HeaderMap, body: Bytes) -> Result<(StatusCode, String), String> {
    match tokio::time::timeout(PATIENCE, exchange(target, headers, body)).await {
        Ok(outcome) => outcome.map_err(|error| told(error.as_ref())),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn exchange(
    target: &Target,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, String), Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(&target.address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with this function, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.path.clone();
    *request.headers_mut() = headers;
    request.headers_mut().insert(HOST, target.host.clone());
    let response = sender.send_request(request).await?;
    let status = response.status();
    let mut answer = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = answer.frame().await {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() >= KEPT {
            bytes.truncate(KEPT);
            break;
        }
    }
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

/// The error with its causes.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_target_is_a_host_a_port_and_a_path() {
        for (url, address, path) in [
            ("http://localhost", "localhost:80", "/"),
            ("HTTP://127.0.0.1:8080/hook?a=b#c", "127.0.0.1:8080", "/hook?a=b"),
            ("http://[::1]:9/a%2Fb", "[::1]:9", "/a%2Fb"),
            ("http://localhost:?a", "localhost:80", "/?a"),
        ] {
            let target = Target::of(url).unwrap();
            assert_eq!((target.address.as_str(), target.path.to_string().as_str()), (address, path));
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for (url, reason) in [
            ("https://localhost/", "https is not spoken here"),
            ("ftp://localhost/", "http://"),
            ("localhost:80", "http://"),
            ("/hook", "http://"),
            ("", "url: "),
            ("http://", "url: "),
            ("http://:80/", "host"),
            ("http://localhost:99999/", "port"),
            ("http://ada:secret@localhost/", "user"),
            ("http://local host/", "url: "),
        ] {
            let message = Target::of(url).err().unwrap_or_default();
            assert!(message.contains(reason), "{url}: {message}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_says_nothing_is_left_after_ten_seconds() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::of(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
        let begun = tokio::time::Instant::now();
        let outcome = send(&target, HeaderMap::new(), Bytes::new()).await;
        assert_eq!(outcome, Err("no answer within 10 s".to_owned()));
        assert_eq!(begun.elapsed().as_secs(), 10);
    }
}
