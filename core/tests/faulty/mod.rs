//! A server of raw bytes that breaks the rules as told, and counts what reaches it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A part of an answer.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Long enough for what was sent to be read by itself.
    Pause,
    /// Less than the timer's resolution.
    Moment(Duration),
    /// Counts what is in the socket's buffer already, as a request.
    Drain,
    Reset,
    Close,
    /// Shuts the writing side down, and waits for the client to leave.
    HalfClose,
    /// Waits for the client to leave.
    Hang,
}

pub(crate) fn send(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(bytes.as_ref().to_vec())
}

/// A whole answer, after which the connection stays open.
pub(crate) fn whole(body: &str) -> Step {
    send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// When a server speaks.
enum Manners {
    /// As soon as it is connected to.
    Greets(Vec<Step>),
    /// After each request in turn, and after the last of these again and again.
    Answers(Vec<Vec<Step>>),
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    left: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// Dropping it closes its port.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn greeting(steps: Vec<Step>) -> Self {
        Self::start(Manners::Greets(steps)).await
    }

    pub(crate) async fn answering(answers: Vec<Vec<Step>>) -> Self {
        Self::start(Manners::Answers(answers)).await
    }

    async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, manners) = (Arc::<Seen>::default(), Arc::new(manners));
        let own = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                own.connections.fetch_add(1, Ordering::Relaxed);
                let (seen, manners) = (Arc::clone(&own), Arc::clone(&manners));
                tokio::spawn(async move {
                    if serve(stream, &seen, &manners).await.is_none() {
                        seen.left.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { address, seen, task }
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }

    /// The connections that the client ended.
    pub(crate) fn left(&self) -> usize {
        self.seen.left.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("not poisoned").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `None` if it was the client that ended the connection.
async fn serve(mut stream: TcpStream, seen: &Seen, manners: &Manners) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let answers = match manners {
        Manners::Greets(steps) => return play(&mut stream, seen, steps).await.map(|_| ()),
        Manners::Answers(answers) => answers,
    };
    loop {
        let request = read_request(&mut stream).await?;
        let turn = {
            let mut requests = seen.requests.lock().expect("not poisoned");
            requests.push(request);
            requests.len() - 1
        };
        if play(&mut stream, seen, &answers[turn.min(answers.len() - 1)]).await? {
            return Some(());
        }
    }
}

/// Whether the connection is to be closed.
async fn play(stream: &mut TcpStream, seen: &Seen, steps: &[Step]) -> Option<bool> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(bytes).await.ok()?,
            Step::Pause => tokio::time::sleep(Duration::from_millis(30)).await,
            Step::Moment(moment) => {
                let started = Instant::now();
                while started.elapsed() < *moment {
                    tokio::task::yield_now().await;
                }
            }
            Step::Drain => {
                let mut bytes = [0; 4096];
                if let Ok(read @ 1..) = stream.try_read(&mut bytes) {
                    let request = String::from_utf8_lossy(&bytes[..read]).into_owned();
                    seen.requests.lock().expect("not poisoned").push(request);
                }
            }
            Step::Reset => {
                stream.set_zero_linger().expect("a socket that lingers");
                return Some(true);
            }
            Step::Close => return Some(true),
            Step::HalfClose => {
                stream.shutdown().await.ok()?;
                return until_left(stream).await;
            }
            Step::Hang => return until_left(stream).await,
        }
    }
    Some(false)
}

async fn until_left(stream: &mut TcpStream) -> Option<bool> {
    let mut bytes = [0; 4096];
    while let Ok(1..) = stream.read(&mut bytes).await {}
    None
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        match stream.read(&mut bytes).await {
            Ok(read @ 1..) => request.extend_from_slice(&bytes[..read]),
            _ => return None,
        }
    }
}
