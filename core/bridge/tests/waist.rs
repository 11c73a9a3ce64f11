//! The waist, as a binding uses it: against the sandbox, without any language on top.

#![allow(clippy::expect_used, clippy::panic)]

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use linktor_bridge::{
    AuthCall, CallOptions, Client, Error, ErrorKind, ErrorRecord, Item, Outcome, Port, Question, Reply, Request,
    TransportFailure, answer, answer_response, fail, fail_sending, ids,
};
use linktor_sandbox::{Answer, Sandbox, fixtures};
use serde_json::{Value, json};

/// A foreign side: it is woken through a channel, and drains.
struct Foreign {
    port: Arc<Port>,
    woken: mpsc::Receiver<()>,
}

impl Foreign {
    fn new() -> Self {
        let (wake, woken) = mpsc::channel();
        Self {
            port: Arc::new(Port::new(move || {
                let _ = wake.send(());
            })),
            woken,
        }
    }

    fn drain(&self) -> Vec<Item> {
        self.woken.recv_timeout(Duration::from_secs(10)).expect("something comes");
        self.port.drain()
    }

    fn next(&self) -> Item {
        let mut items = self.drain();
        assert_eq!(items.len(), 1, "{items:?}");
        items.remove(0)
    }

    fn completion(&self) -> (u64, Outcome) {
        match self.next() {
            Item::Completion { id, outcome } => (id, *outcome),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until each of these calls has succeeded.
    fn all_complete(&self, mut expected: Vec<u64>) {
        while !expected.is_empty() {
            for item in self.drain() {
                let Item::Completion { id, outcome } = item else { panic!("{item:?}") };
                assert_eq!(status(*outcome), 200);
                expected.retain(|&waiting| waiting != id);
            }
        }
    }

    fn question(&self) -> u64 {
        match self.next() {
            Item::Asked { id, question: Question::Token, .. } => id,
            other => panic!("{other:?}"),
        }
    }
}

fn status(outcome: Outcome) -> u16 {
    match outcome.expect("a success") {
        Reply::Response(response) => response.status(),
        Reply::Value(value) => panic!("{value}"),
    }
}

fn sandbox() -> (tokio::runtime::Runtime, Sandbox) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let sandbox = runtime.block_on(Sandbox::start()).expect("the sandbox starts");
    (runtime, sandbox)
}

fn client(sandbox: &Sandbox, options: Value, port: &Arc<Port>) -> Client {
    let mut options = options;
    options["base_url"] = sandbox.base_url("linktor").into();
    Client::new(&options.to_string(), "rust", port).expect("valid options")
}

fn get(client: &Client, port: &Arc<Port>, options: &str) -> u64 {
    let options = CallOptions::from_json(options).expect("valid options");
    let (request, within) = options.request("get", "/me", "").expect("a valid request");
    client.submit(port, request, within)
}

fn waited(client: &Client, request: Request) -> Outcome {
    client.call(request, None).wait(Duration::from_secs(5)).outcome.expect("it is done")
}

fn refusal(options: &str) -> Error {
    Client::new(options, "rust", &Foreign::new().port).expect_err("it cannot be made")
}

#[test]
fn completions_come_out_under_the_ids_that_went_in() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    foreign.all_complete((0..50).map(|_| get(&client, &foreign.port, "")).collect());
}

#[test]
fn a_cancelled_call_never_completes() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    sandbox.script(vec![Answer::status(200).delay_ms(200)]);
    let slow = get(&client, &foreign.port, "");
    while sandbox.journal().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    client.cancel(slow);
    client.cancel(slow);
    let other = get(&client, &foreign.port, "");
    assert_eq!(foreign.completion().0, other);
    foreign.woken.recv_timeout(Duration::from_millis(400)).expect_err("nothing more comes");
}

#[test]
fn a_cancelled_call_under_an_id_of_its_own_completes_and_knows_how_far_it_came() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    sandbox.script(vec![Answer::status(200).delay_ms(10_000)]);
    let (request, within) = CallOptions::default().request("get", "/me", "").expect("a valid request");
    let id = ids(2) + 1;
    client.submit_as(id, &foreign.port, request, within);
    while sandbox.journal().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    client.cancel(id);
    let (completed, outcome) = foreign.completion();
    let error = outcome.expect_err("it was cancelled");
    assert_eq!((completed, error.kind(), error.attempts()), (id, ErrorKind::Cancelled, 1));
    client.cancel(id);
}

#[test]
fn a_lone_call_is_driven_by_the_thread_that_makes_it() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    let request = || CallOptions::default().request("get", "/me", "").expect("a valid request").0;
    let driven = || client.call_as(ids(1), &foreign.port, request(), None, Duration::from_secs(10));
    // Other tests of this process make calls too, and then none is alone.
    let outcome = (0..1000).find_map(|_| {
        let outcome = driven();
        if outcome.is_none() {
            assert_eq!(status(foreign.completion().1), 200);
        }
        outcome
    });
    assert_eq!(status(outcome.expect("one of them is alone")), 200);
    foreign.woken.try_recv().expect_err("nothing comes up besides");
}

#[test]
fn a_driven_call_that_takes_longer_goes_on_by_itself() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    for _ in 0..20 {
        sandbox.script(vec![Answer::status(200).delay_ms(20)]);
        let (request, within) = CallOptions::default().request("get", "/me", "").expect("a valid request");
        let id = ids(1);
        let outcome = client.call_as(id, &foreign.port, request, within, Duration::from_millis(2));
        assert!(outcome.is_none(), "{outcome:?}");
        let (completed, outcome) = foreign.completion();
        assert_eq!((completed, status(outcome)), (id, 200));
    }
}

#[test]
fn a_thread_can_wait_in_steps_and_give_up() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    sandbox.script(vec![Answer::status(200).delay_ms(10_000)]);
    let (request, _) = CallOptions::default().request("GET", "/me", "").expect("a valid request");
    let mut pending = client.call(request.clone(), None);
    while sandbox.journal().is_empty() {
        let waited = pending.wait(Duration::from_millis(20));
        assert!(waited.items.is_empty() && waited.outcome.is_none(), "{waited:?}");
    }
    drop(pending);
    let outcome = waited(&client, request);
    assert_eq!(status(outcome), 200);
}

#[test]
fn a_question_is_answered_with_a_token() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"token_source": true}), &foreign.port);
    let id = get(&client, &foreign.port, "");
    let question = foreign.question();
    answer(question, &json!({"token": fixtures::LINKTOR_ACCESS_TOKEN, "expires_in": 60}).to_string());
    let (completed, outcome) = foreign.completion();
    assert_eq!((completed, status(outcome)), (id, 200));
    answer(question, "\"too late\"");
}

#[test]
fn a_failed_question_names_itself_in_the_error() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"token_source": true}), &foreign.port);
    get(&client, &foreign.port, "");
    let question = foreign.question();
    fail(question, "the vault is sealed");
    let record = ErrorRecord::from(&foreign.completion().1.expect_err("no token"));
    assert_eq!((record.kind.as_str(), record.upcall), ("callback", Some(question)));
    assert_eq!(record.reason.as_deref(), Some("the vault is sealed"));
}

#[test]
fn junk_is_no_token_and_is_not_shown() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    for junk in [
        "null",
        "17",
        "{\"tokn\":\"marker-junk\"}",
        "[\"marker-junk\"]",
        "marker-junk",
        "{\"token\":\"t\",\"expires_in\":-1}",
    ] {
        let client = client(&sandbox, json!({"token_source": true}), &foreign.port);
        get(&client, &foreign.port, "");
        answer(foreign.question(), junk);
        let record = ErrorRecord::from(&foreign.completion().1.expect_err("no token"));
        assert_eq!(record.kind.as_str(), "callback", "{junk}");
        assert!(!record.to_json().contains("marker-junk"), "{}", record.to_json());
    }
}

#[test]
fn a_question_that_nobody_waits_for_is_abandoned() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"token_source": true, "timeout": 0.1}), &foreign.port);
    get(&client, &foreign.port, "");
    let question = foreign.question();
    let mut kinds = Vec::new();
    while kinds.len() < 2 {
        for item in foreign.drain() {
            match item {
                Item::Abandoned { id } => {
                    assert_eq!(id, question);
                    kinds.push("abandoned".to_owned());
                }
                Item::Completion { outcome, .. } => {
                    kinds.push(outcome.expect_err("no token").kind().to_string());
                }
                Item::Asked { .. } | Item::Told { .. } => panic!("asked twice"),
            }
        }
    }
    kinds.sort();
    assert_eq!(kinds, ["abandoned", "timeout"]);
}

#[test]
fn a_call_from_inside_the_source_is_refused_at_once() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"token_source": true}), &foreign.port);
    let outer = get(&client, &foreign.port, "");
    let question = foreign.question();
    let inner = get(&client, &foreign.port, &json!({"within": question}).to_string());
    let (id, outcome) = foreign.completion();
    let error = outcome.expect_err("it would wait for itself");
    assert_eq!((id, error.code()), (inner, Some("recursive_token_source")));
    fail(question, "refused");
    assert_eq!(foreign.completion().0, outer);
}

#[test]
fn closing_completes_what_is_in_flight() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    sandbox.script(vec![Answer::status(200).delay_ms(10_000)]);
    get(&client, &foreign.port, "");
    let started = Instant::now();
    client.close();
    assert_eq!(foreign.completion().1.expect_err("closed").kind().as_str(), "closed");
    assert!(started.elapsed() < Duration::from_millis(50));
}

#[test]
fn options_that_cannot_be_read_are_named_and_not_shown() {
    for (options, named) in [
        ("[]", "JSON object"),
        ("{\"api_keyy\":\"marker-value\"}", "unknown option `api_keyy`"),
        ("{\"api_key\":{\"v\":\"marker-value\"}}", "api_key"),
        ("{\"api_key\":\"k\",\"timeout\":\"marker-value\"}", "timeout"),
        ("{\"api_key\":null}", "api_key"),
        ("{\"api_key\":\"k\",\"proxy\":\"nonsense://marker-value\"}", "proxy"),
        ("{\"api_key\":\"k\",\"timeout\":1e300}", "timeout"),
        ("{\"api_key\":\"k\",\"max_connections\":-1}", "max_connections"),
        ("{\"api_key\":\"k\",\"headers\":[[\"a\"]]}", "headers"),
        ("{\"api_key\":\"k\",\"provider\":17}", "provider"),
        ("{\"api_key\":\"k\",\"anonymous\":\"marker-value\"}", "anonymous"),
    ] {
        let error = refusal(options);
        assert_eq!(error.kind().as_str(), "config", "{options}");
        assert!(error.message().contains(named), "{options}: {error}");
        assert!(!error.to_string().contains("marker-value"), "{error}");
    }
}

#[test]
fn a_provider_of_the_users_own_crosses_as_json() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let provider = json!({
        "name": "own",
        "credentials": ["api_key"],
        "headers": {"fixed": {"x-own": "1"}},
    });
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY, "provider": provider}), &foreign.port);
    get(&client, &foreign.port, "");
    foreign.completion().1.expect("a success");
    assert_eq!(sandbox.journal()[0].header("x-own"), Some("1"));
}

fn auth_call(json: &Value) -> AuthCall {
    AuthCall::from_json(&json.to_string()).expect("a call of auth")
}

#[test]
fn a_login_comes_back_as_json() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let ready = sandbox.ready();
    let options = json!({
        "email": ready["credentials"]["linktor"]["email"],
        "password": ready["credentials"]["linktor"]["password"],
        "base_url": sandbox.base_url("linktor"),
    });
    let client = Client::new(&options.to_string(), "rust", &foreign.port).expect("a valid client");
    assert_eq!(client.session(), "null");
    let id = client.submit_auth(&foreign.port, auth_call(&json!({"call": "login"})));
    let (completed, outcome) = foreign.completion();
    let Reply::Value(session) = outcome.expect("a session") else { panic!("a response") };
    let session: Value = serde_json::from_str(&session).expect("JSON");
    assert_eq!((completed, &session["user"]["email"]), (id, &options["email"]));
    assert!(client.session().contains("expires_in"));
}

#[test]
fn a_handles_own_source_is_asked_under_its_own_id() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let options = json!({"anonymous": true, "base_url": sandbox.base_url("linktor")});
    let root = Client::new(&options.to_string(), "rust", &foreign.port).expect("a valid client");
    let handle =
        root.with_credentials(&json!({"token_source": true}).to_string(), &foreign.port).expect("a valid handle");
    let (request, _) = CallOptions::default().request("GET", "/me", "").expect("a request");
    handle.submit(&foreign.port, request, None);
    let Item::Asked { id, client, .. } = foreign.next() else { panic!("a question comes first") };
    assert_eq!(client, handle.id());
    answer(id, &json!(fixtures::LINKTOR_ACCESS_TOKEN).to_string());
    assert_eq!(status(foreign.completion().1), 200);
    handle.close();
    let (request, _) = CallOptions::default().request("GET", "/me", "").expect("a request");
    let outcome = waited(&handle, request);
    assert_eq!(status(outcome), 200, "closing a handle does nothing");
}

#[test]
fn a_bad_call_of_auth_shows_nothing_of_it() {
    let error = AuthCall::from_json(r#"{"call": "exchange_code", "callback": 7, "request": "secret"}"#)
        .expect_err("callback is no text");
    assert!(!error.to_string().contains("secret"), "{error}");
}

fn asked(item: Item) -> (u64, Option<u64>, Question) {
    match item {
        Item::Asked { id, call, question, .. } => (id, call, question),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_store_of_the_users_own_is_asked_and_its_lock_given_back() {
    let (_runtime, sandbox) = sandbox();
    let (home, calls) = (Foreign::new(), Foreign::new());
    let options =
        json!({"email": fixtures::LINKTOR_EMAIL, "password": fixtures::LINKTOR_PASSWORD, "token_store": true});
    let client = client(&sandbox, options, &home.port);
    get(&client, &calls.port, "");
    let mut lock = None;
    let mut seen = Vec::new();
    while seen.last() != Some(&"abandoned") {
        for item in home.drain() {
            if let Item::Abandoned { id } = item {
                assert_eq!(Some(id), lock);
                seen.push("abandoned");
                continue;
            }
            let (id, call, question) = asked(item);
            assert_eq!(call, None, "a renewal is for all calls");
            match question {
                Question::Load { key } => {
                    assert!(key.contains(fixtures::LINKTOR_EMAIL), "{key}");
                    seen.push("load");
                    answer(id, "null");
                }
                Question::Lock { .. } => {
                    lock = Some(id);
                    seen.push("lock");
                    answer(id, "true");
                }
                Question::Save { record, .. } => {
                    assert!(record.expose().contains("access_token"));
                    seen.push("save");
                    answer(id, "null");
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(seen, ["load", "lock", "load", "save", "abandoned"]);
    assert_eq!(status(calls.completion().1), 200);
}

#[test]
fn a_transport_is_asked_where_the_call_was_begun_and_a_login_at_home() {
    let (_runtime, sandbox) = sandbox();
    let (home, calls) = (Foreign::new(), Foreign::new());
    let options = json!({"email": fixtures::LINKTOR_EMAIL, "password": fixtures::LINKTOR_PASSWORD, "transport": true});
    let client = client(&sandbox, options, &home.port);
    let begun = get(&client, &calls.port, "");
    let (id, call, question) = asked(home.next());
    let Question::Send(request) = question else { panic!("{question:?}") };
    assert!(request.url.path().ends_with("/auth/login"), "{request:?}");
    assert_eq!(call, None);
    let session = json!({"success": true, "data": {"access_token": "invented", "expires_in": 900}});
    answer_response(id, 200, &[], session.to_string());
    let (id, call, question) = asked(calls.next());
    let Question::Send(request) = question else { panic!("{question:?}") };
    assert_eq!((call, request.headers["authorization"].to_str().ok()), (Some(begun), Some("Bearer invented")));
    answer_response(id, 200, &[("x-note".to_owned(), vec![0xe9])], "{}");
    let (completed, outcome) = calls.completion();
    assert_eq!((completed, status(outcome)), (begun, 200));
    assert!(sandbox.journal().is_empty(), "only the stub was asked");
}

#[test]
fn a_transports_failure_of_the_network_is_one_and_any_other_its_own() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let options = json!({"api_key": fixtures::LINKTOR_API_KEY, "transport": true, "max_retries": 0});
    let client = client(&sandbox, options, &foreign.port);
    let ended = |end: &dyn Fn(u64)| {
        get(&client, &foreign.port, "");
        let (id, ..) = asked(foreign.next());
        end(id);
        let record = ErrorRecord::from(&foreign.completion().1.expect_err("it failed"));
        assert_eq!(record.upcall, Some(id));
        (record.kind.to_string(), record.sent)
    };
    assert_eq!(ended(&|id| fail_sending(id, TransportFailure::Connect, "refused")), ("connection".to_owned(), "no"));
    assert_eq!(ended(&|id| fail_sending(id, TransportFailure::Timeout, "late")), ("timeout".to_owned(), "maybe"));
    assert_eq!(ended(&|id| fail(id, "a mock's own")), ("callback".to_owned(), "maybe"));
    assert_eq!(ended(&|id| answer(id, "{}")), ("callback".to_owned(), "maybe"));
    assert_eq!(ended(&|id| answer_response(id, 99, &[], "")), ("callback".to_owned(), "maybe"));
    let header = [("a b".to_owned(), Vec::new())];
    assert_eq!(ended(&|id| answer_response(id, 200, &header, "")), ("callback".to_owned(), "maybe"));
}

#[test]
fn events_come_up_in_order_before_the_end_of_their_call_if_somebody_listens() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    let told = |is_logged| {
        client.log(is_logged);
        get(&client, &foreign.port, "");
        let mut names = Vec::new();
        loop {
            for item in foreign.drain() {
                match item {
                    Item::Told { event, .. } => names.push(event.event),
                    Item::Completion { .. } => return names,
                    other => panic!("{other:?}"),
                }
            }
        }
    };
    assert!(told(false).is_empty());
    assert_eq!(told(true), ["call_started", "attempt_started", "attempt_ended", "call_ended"]);
}

#[test]
fn threads_that_wait_and_calls_that_none_waits_for_go_on_side_by_side() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);
    let request = || CallOptions::default().request("get", "/me", "").expect("a valid request").0;
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| (0..100).for_each(|_| assert_eq!(status(waited(&client, request())), 200)));
        }
        for _ in 0..20 {
            foreign.all_complete((0..10).map(|_| get(&client, &foreign.port, "")).collect());
        }
    });
}

#[test]
fn a_call_that_no_thread_waits_for_is_made_during_and_after_one_that_does() {
    let (_runtime, sandbox) = sandbox();
    let foreign = Foreign::new();
    let client = client(&sandbox, json!({"api_key": fixtures::LINKTOR_API_KEY}), &foreign.port);

    sandbox.script(vec![Answer::status(200).delay_ms(300).on("GET", "/api/v1/contacts")]);
    let (request, within) = CallOptions::default().request("get", "/contacts", "").expect("a valid request");
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| {
            let mut pending = client.call(request, within);
            while pending.wait(Duration::from_millis(50)).outcome.is_none() {}
        });
        std::thread::sleep(Duration::from_millis(50));
        let during = get(&client, &foreign.port, "");
        assert_eq!(foreign.completion().0, during);
        assert!(!waiting.is_finished());
    });
    let after = get(&client, &foreign.port, "");
    assert_eq!(foreign.completion().0, after);
}
