//! Questions to the user's own functions: as JavaScript gets them, and its answers.

use linktor_bridge::{Question, TransportFailure};
use napi::bindgen_prelude::{Array, BufferSlice, Env, Null, Result, ToNapiValue};
use napi_derive::napi;

use crate::client::{id, number};

const TOKEN: i32 = -1;
const LOAD: i32 = -4;
const SAVE: i32 = -5;
const LOCK: i32 = -6;
const SEND: i32 = -7;

/// The state of a question's item, and its arguments: none; the key; key and text; or, of a
/// transport, the call or 0, method, URL, headers, body, and the most bytes to read. The headers are
/// names and values joined by line feeds.
pub(crate) fn asked(env: &Env, call: Option<u64>, question: Question) -> Result<(i32, Array<'_>)> {
    Ok(match question {
        Question::Token => (TOKEN, env.create_array(0)?),
        Question::Load { key } => (LOAD, list(env, [key])?),
        Question::Save { key, record } => (SAVE, list(env, [key, record.expose().to_owned()])?),
        Question::Lock { key } => (LOCK, list(env, [key])?),
        Question::Send(request) => {
            let mut headers = Vec::with_capacity(512);
            for (name, value) in &request.headers {
                if !headers.is_empty() {
                    headers.push(b'\n');
                }
                headers.extend_from_slice(name.as_str().as_bytes());
                headers.push(b'\n');
                headers.extend_from_slice(value.as_bytes());
            }
            let mut arguments = env.create_array(6)?;
            arguments.set(0, call.map_or(0.0, number))?;
            arguments.set(1, request.method.as_str())?;
            arguments.set(2, request.url.as_str())?;
            arguments.set(3, env.create_string_latin1(&headers)?)?;
            if request.body.is_empty() {
                arguments.set(4, Null)?;
            } else {
                arguments.set(4, BufferSlice::copy_from(env, &request.body)?)?;
            }
            arguments.set(5, u32::try_from(request.max_body).unwrap_or(u32::MAX))?;
            (SEND, arguments)
        }
    })
}

fn list<const N: usize>(env: &Env, values: [impl ToNapiValue; N]) -> Result<Array<'_>> {
    let mut list = env.create_array(0)?;
    for value in values {
        list.insert(value)?;
    }
    Ok(list)
}

/// Answers a question with JSON.
#[napi(catch_unwind)]
pub fn answer(question: f64, json: String) {
    linktor_bridge::answer(id(question), &json);
}

/// Answers a question to a transport; the headers are names and values, in turn, as bytes in
/// latin-1.
#[napi(catch_unwind)]
pub fn answer_response(question: f64, status: u16, headers: Vec<String>, body: &[u8]) {
    let bytes = |text: &str| text.chars().map(|one| u8::try_from(one).ok()).collect::<Option<Vec<u8>>>();
    let pairs = headers.chunks_exact(2).map(|pair| Some((pair[0].clone(), bytes(&pair[1])?)));
    match pairs.collect::<Option<Vec<_>>>() {
        Some(pairs) => linktor_bridge::answer_response(id(question), status, &pairs, body.to_vec()),
        None => linktor_bridge::fail(id(question), "the transport answered with a header that cannot be one"),
    }
}

/// Answers a question with the failure of the user's function.
#[napi(catch_unwind)]
pub fn fail(question: f64, message: String) {
    linktor_bridge::fail(id(question), &message);
}

/// Answers a question to a transport with a failure of the network: `connect`,
/// `connect_timeout`, `timeout`, `body_too_large` or `interrupted`.
#[napi(catch_unwind)]
pub fn fail_sending(question: f64, message: String, failure: String) {
    let failure = match failure.as_str() {
        "connect" => TransportFailure::Connect,
        "connect_timeout" => TransportFailure::ConnectTimeout,
        "timeout" => TransportFailure::Timeout,
        "body_too_large" => TransportFailure::BodyTooLarge,
        _ => TransportFailure::Interrupted,
    };
    linktor_bridge::fail_sending(id(question), failure, &message);
}

/// Those of these questions of whose failure no error is left.
#[napi(catch_unwind)]
pub fn forgotten(questions: Vec<f64>) -> Vec<f64> {
    linktor_bridge::forgotten(questions.into_iter().map(id).collect()).into_iter().map(number).collect()
}
