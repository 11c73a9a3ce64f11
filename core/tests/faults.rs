//! Every way in which a connection can fail, over real sockets: what the error says, how
//! often the request was sent, and that nothing hangs.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod faulty;

use std::sync::Arc;
use std::time::Duration;

use faulty::{Server, Step, send, whole};
use linktor::{Client, ClientBuilder, Error, ErrorKind, Method, Response, Sent};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const RETRIES: u32 = 2;
/// For what ends by a timeout.
const SHORT: Duration = Duration::from_millis(150);

fn builder(url: String) -> ClientBuilder {
    Client::builder().api_key("invented").base_url(url).max_retries(RETRIES).random(|| 0.0)
}

async fn outcome(client: &Client, method: Method, body: &str) -> Result<Response, Error> {
    let mut request = client.request(method.clone(), "/x");
    if method == Method::POST {
        request = request.body(body.to_owned(), "text/plain");
    }
    tokio::time::timeout(Duration::from_secs(10), request.send()).await.expect("it does not hang")
}

/// What an error says.
type Said = (ErrorKind, Option<&'static str>, Sent);

fn said(error: &Error, expected: Said, context: &str) {
    assert_eq!((error.kind(), error.code(), error.sent()), expected, "{context}: {error:?}");
}

/// Fails every request in this way, and counts: a GET is repeated if `is_passing`, a POST
/// never.
async fn fails(steps: Vec<Step>, expected: Said, is_passing: bool) {
    for method in [Method::GET, Method::POST] {
        let server = Server::answering(vec![steps.clone()]).await;
        let timeout = if expected.0 == ErrorKind::Timeout { SHORT } else { Duration::from_secs(5) };
        let client = builder(server.url("http")).timeout(timeout).build().expect("a valid client");
        let error = outcome(&client, method.clone(), "once").await.expect_err("it fails");
        said(&error, expected, method.as_str());
        let attempts = if is_passing && method == Method::GET { RETRIES + 1 } else { 1 };
        assert_eq!((error.attempts(), server.requests().len()), (attempts, attempts as usize), "{method}: {error:?}");
    }
}

const BROKEN: Said = (ErrorKind::Connection, None, Sent::Maybe);
const TRUNCATED: Said = (ErrorKind::Protocol, Some("truncated"), Sent::Yes);
const LATE: Said = (ErrorKind::Timeout, None, Sent::Maybe);
const UNSENT: Said = (ErrorKind::Connection, None, Sent::No);

#[tokio::test]
async fn a_reset_before_the_answer_is_a_broken_connection() {
    fails(vec![Step::Reset], BROKEN, true).await;
}

#[tokio::test]
async fn a_close_before_the_answer_is_a_broken_connection() {
    fails(vec![Step::Close], BROKEN, true).await;
}

#[tokio::test]
async fn a_server_that_will_say_nothing_more_is_a_broken_connection() {
    fails(vec![Step::HalfClose], BROKEN, true).await;
}

#[tokio::test]
async fn a_head_that_breaks_off_is_a_broken_connection() {
    fails(vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Pause, Step::Close], BROKEN, true).await;
}

#[tokio::test]
async fn what_is_no_http_is_a_broken_connection() {
    fails(vec![send("220 mail.example.com ESMTP\r\n"), Step::Hang], BROKEN, true).await;
}

#[tokio::test]
async fn two_lengths_are_a_broken_connection() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc";
    fails(vec![send(head), Step::Hang], BROKEN, true).await;
}

#[tokio::test]
async fn a_reset_after_the_head_is_a_truncated_answer() {
    fails(vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), Step::Pause, Step::Reset], TRUNCATED, true).await;
}

#[tokio::test]
async fn a_close_in_mid_body_is_a_truncated_answer() {
    fails(vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Step::Close], TRUNCATED, true).await;
}

#[tokio::test]
async fn a_close_in_mid_chunk_is_a_truncated_answer() {
    fails(vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"), Step::Close], TRUNCATED, true)
        .await;
}

#[tokio::test]
async fn chunks_without_their_end_are_a_truncated_answer() {
    fails(
        vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), Step::Close],
        TRUNCATED,
        true,
    )
    .await;
}

/// A gzip stream of one stored block of nine bytes (RFC 1951, 3.2.4) that breaks off.
const HALF_GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x09\0\xf6\xffhalf";

fn gzipped(bytes: &[u8]) -> Step {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bytes.len());
    send([head.as_bytes(), bytes].concat())
}

#[tokio::test]
async fn a_gzip_stream_that_breaks_off_is_a_truncated_answer() {
    fails(vec![gzipped(HALF_GZIP)], TRUNCATED, true).await;
}

#[tokio::test]
async fn a_gzip_stream_without_its_checksum_is_a_truncated_answer() {
    let whole_but_for_its_end = [HALF_GZIP, b" half"].concat();
    fails(vec![gzipped(&whole_but_for_its_end)], TRUNCATED, true).await;
}

#[tokio::test]
async fn what_is_no_gzip_cannot_be_read_and_is_not_asked_for_again() {
    fails(vec![gzipped(b"not gzip at all")], (ErrorKind::Decode, None, Sent::Yes), false).await;
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_late_where_the_connection_stays_open() {
    fails(vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Step::Hang], LATE, true).await;
}

#[tokio::test]
async fn a_slow_body_is_late() {
    let drops = (0..20).flat_map(|_| [send("1\r\nx\r\n"), Step::Pause]);
    let steps = std::iter::once(send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")).chain(drops);
    fails(steps.chain([send("0\r\n\r\n")]).collect(), LATE, true).await;
}

#[tokio::test]
async fn a_slow_head_is_late() {
    let drops = (0..20).flat_map(|_| [send("X-Slow: 1\r\n"), Step::Pause]);
    let steps = std::iter::once(send("HTTP/1.1 200 OK\r\n")).chain(drops);
    fails(steps.chain([send("\r\n")]).collect(), LATE, true).await;
}

#[tokio::test]
async fn an_error_is_told_by_its_status_whatever_became_of_its_body() {
    for end in [Step::Close, Step::Reset] {
        let head = send("HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nhalf");
        fails(vec![head, Step::Pause, end], (ErrorKind::Server, None, Sent::Yes), true).await;
    }
}

#[tokio::test]
async fn a_late_attempt_leaves_no_connection_behind() {
    let server = Server::answering(vec![vec![Step::Hang]]).await;
    let client = builder(server.url("http")).timeout(SHORT).build().expect("a valid client");
    outcome(&client, Method::GET, "").await.expect_err("it is late");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((server.connections(), server.left()), (3, 3));
}

#[tokio::test]
async fn what_is_behind_a_body_is_no_answer_to_the_next_request() {
    let forged = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    let server = Server::answering(vec![vec![send(forged)], vec![whole("own")]]).await;
    let client = builder(server.url("http")).build().expect("a valid client");
    for (method, expected) in [(Method::GET, "ok"), (Method::POST, "own")] {
        let response = outcome(&client, method, "once").await.expect("a success");
        assert_eq!(response.text().expect("a text"), expected);
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 2));
}

/// No request is ever sent, so a POST is as repeatable as a GET.
async fn is_never_sent(client: &Client, expected: Said) {
    for method in [Method::GET, Method::POST] {
        let error = outcome(client, method.clone(), "once").await.expect_err("there is no connection");
        said(&error, expected, method.as_str());
        assert_eq!(error.attempts(), RETRIES + 1, "{method}: {error:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    is_never_sent(&builder(url).build().expect("a valid client"), UNSENT).await;
}

#[tokio::test]
async fn a_host_that_is_nowhere_is_sent_nothing() {
    let client = builder("http://nowhere.invalid/api".to_owned()).allow_insecure_http(true).build();
    is_never_sent(&client.expect("a valid client"), UNSENT).await;
}

#[tokio::test]
async fn a_server_without_tls_is_sent_nothing() {
    let server = Server::greeting(vec![send("HTTP/1.1 400 Bad Request\r\n\r\n"), Step::Hang]).await;
    is_never_sent(&builder(server.url("https")).build().expect("a valid client"), UNSENT).await;
    assert_eq!(server.connections(), 6, "one for each attempt");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up() {
    let server = Server::greeting(vec![Step::Hang]).await;
    let client = builder(server.url("https")).connect_timeout(SHORT).build().expect("a valid client");
    is_never_sent(&client, (ErrorKind::Timeout, None, Sent::No)).await;
    assert_eq!(server.connections(), 6, "one for each attempt");
}

#[tokio::test]
async fn a_stranger_is_sent_nothing() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the defaults")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key that fits");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            acceptor.accept(stream).await.expect_err("nobody trusts it");
        }
    });
    is_never_sent(&builder(format!("https://localhost:{port}")).build().expect("a valid client"), UNSENT).await;
}

#[tokio::test]
async fn a_server_that_closes_new_connections_is_never_sent_a_post_twice() {
    for step in [Step::Close, Step::Reset] {
        let server = Server::greeting(vec![step]).await;
        let client = builder(server.url("http")).build().expect("a valid client");
        let error = outcome(&client, Method::POST, "once").await.expect_err("there is no answer");
        said(&error, BROKEN, "POST");
        assert_eq!((error.attempts(), server.connections()), (1, 1), "{error:?}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_long_ago_is_not_used() {
    let server = Server::answering(vec![vec![whole("first"), Step::Pause, Step::Close], vec![whole("second")]]).await;
    let client = builder(server.url("http")).build().expect("a valid client");
    outcome(&client, Method::GET, "").await.expect("a success");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let response = outcome(&client, Method::POST, "once").await.expect("a success");
    assert_eq!((response.text().expect("a text"), response.attempts()), ("second", 1));
    assert_eq!((server.connections(), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_kept_connection_that_ends_with_the_next_request_fails_it_as_any_other() {
    for end in [Step::Close, Step::Reset] {
        let server = Server::answering(vec![vec![whole("first")], vec![end]]).await;
        let client = builder(server.url("http")).build().expect("a valid client");
        outcome(&client, Method::GET, "").await.expect("a success");
        let error = outcome(&client, Method::POST, "once").await.expect_err("there is no answer");
        said(&error, BROKEN, "POST");
        assert_eq!((error.attempts(), server.requests().len(), server.connections()), (1, 2, 1));
    }
}

/// The server ends the connection right when the next request is sent, a little earlier or
/// later each time; it reads what has come by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_that_is_closed_meanwhile_sends_no_post_twice() {
    const ROUNDS: u64 = 300;
    let mut counts = [0; 3];
    for round in 0..ROUNDS {
        let end = if round % 2 == 0 { Step::Close } else { Step::Reset };
        let moment = Step::Moment(Duration::from_micros(round * 3));
        let ending = vec![whole("first"), moment, Step::Drain, end];
        let server = Server::answering(vec![ending, vec![whole("second")]]).await;
        let client = builder(server.url("http")).build().expect("a valid client");
        outcome(&client, Method::GET, "").await.expect("a success");
        let result = outcome(&client, Method::POST, "once").await;
        let seen = server.requests().iter().filter(|request| request.starts_with("POST")).count();
        assert!(seen <= 1, "round {round}: {:?}", server.requests());
        match result {
            Ok(response) => {
                assert_eq!((response.text().expect("a text"), response.attempts(), seen), ("second", 1, 1));
                counts[0] += 1;
            }
            Err(error) => {
                said(&error, BROKEN, "POST");
                assert_eq!(error.attempts(), 1);
                counts[1 + seen] += 1;
            }
        }
    }
    let [answered, unread, read] = counts;
    println!("of {ROUNDS} POSTs {answered} were answered, {unread} failed unread, {read} failed read");
}
