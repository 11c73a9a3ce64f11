//! The accept loop, and what happens to each request before a route sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::header::DATE;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::control;
use crate::family::Family;
use crate::journal::Mark;
use crate::payload::Payload;
use crate::script::Answer;
use crate::state::Shared;
use crate::wire::{Fuse, Wire};

/// Accepts until it is aborted; its connections end with it.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let site = Arc::new(Site {
        families: Family::ALL.map(|family| family.router(Arc::clone(&shared))),
        control: control::router(Arc::clone(&shared)),
        shared,
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(Arc::clone(&site).connection(stream));
                }
                // Out of file descriptors, or the client is gone already: neither may end the loop.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The routers of one sandbox.
struct Site {
    shared: Arc<Shared>,
    families: [Router; Family::ALL.len()],
    control: Router,
}

/// Makes hyper drop the connection without an answer.
#[derive(Debug)]
struct Severed;

impl fmt::Display for Severed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the script ends this connection")
    }
}

impl std::error::Error for Severed {}

impl Site {
    async fn connection(self: Arc<Self>, stream: TcpStream) {
        // Without it a late packet, not a wrong one.
        let _ = stream.set_nodelay(true);
        let fuse = Fuse::default();
        let wire = Wire::new(stream, fuse.clone());
        let service = service_fn(|request| self.serve(&fuse, request));
        // Errors here are clients that left and faults that were asked for.
        let _ = http1::Builder::new().header_read_timeout(None).serve_connection(wire, service).await;
    }

    async fn serve(&self, fuse: &Fuse, request: Request<Incoming>) -> Result<Response<Payload>, Severed> {
        let (head, body) = request.into_parts();
        let Some(family) = Family::of_path(head.uri.path()) else {
            let request = Request::from_parts(head, Body::new(body));
            return call(&self.control, request).await;
        };
        let mark = Mark::arrival(&self.shared, family, &head);
        let bytes = if body.is_end_stream() {
            Bytes::new()
        } else {
            // A body that never came whole leaves its entry aborted.
            let bytes = body.collect().await.map_err(|_| Severed)?.to_bytes();
            // A copy: the bytes may be a slice of a read buffer.
            mark.body(Bytes::copy_from_slice(&bytes));
            bytes
        };
        let path = family.path(head.uri.path());
        let scripted = self.shared.take(family, head.method.as_str(), path);
        let head_only = head.method == Method::HEAD;
        let mut response = match scripted {
            None => self.own(family, head, bytes).await?,
            Some(answer) if answer.pass => {
                pause(answer.delay_ms).await;
                self.own(family, head, bytes).await?
            }
            Some(answer) => {
                if answer.act {
                    self.own(family, head, bytes).await?;
                }
                pause(answer.delay_ms).await;
                if answer.reset || answer.close {
                    if answer.reset {
                        fuse.reset();
                    }
                    mark.end();
                    return Err(Severed);
                }
                self.scripted(family, &answer, fuse)
            }
        };
        if let Some(date) = self.shared.clock.date() {
            response.headers_mut().entry(DATE).or_insert(date);
        }
        let status = response.status();
        mark.status(status.as_u16());
        let bodiless = head_only || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
        Ok(response.map(|payload| payload.marked(mark, bodiless)))
    }

    fn scripted(&self, family: Family, answer: &Answer, fuse: &Fuse) -> Response<Payload> {
        match answer.response(&self.shared.base_url(family)) {
            Ok(response) if answer.truncate => response.map(|payload| payload.truncated(fuse.clone())),
            Ok(response) => response,
            Err(problem) => {
                let mut response = Response::new(Payload::new(format!("script: {problem}").into()));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }

    async fn own(&self, family: Family, head: Parts, body: Bytes) -> Result<Response<Payload>, Severed> {
        let (headers, refusal) = family.admit(&self.shared, &head);
        let mut response = match refusal {
            Some(refusal) => whole(refusal).await?,
            None => call(&self.families[family as usize], Request::from_parts(head, Body::from(body))).await?,
        };
        response.headers_mut().extend(headers);
        Ok(response)
    }
}

async fn pause(delay_ms: u64) {
    // A sleep of nothing lasts until the timer's next tick.
    if delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
}

async fn call(router: &Router, request: Request<Body>) -> Result<Response<Payload>, Severed> {
    let Ok(response) = router.clone().oneshot(request).await;
    whole(response).await
}

/// An answer whose body is already in memory.
async fn whole(response: Response<Body>) -> Result<Response<Payload>, Severed> {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.map_err(|_| Severed)?.to_bytes();
    Ok(Response::from_parts(head, Payload::new(bytes)))
}
