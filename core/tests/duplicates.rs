//! Two thousand messages through a server that fails in every way: none is stored twice,
//! and every outcome says the truth about what became of its message.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt};
use linktor::{Client, ClientBuilder, Error, Response, Sent};
use linktor_sandbox::{Answer, Entry, Match, Sandbox, fixtures};
use serde_json::{Value, json};

const MESSAGES: usize = 2000;
const AT_ONCE: usize = 64;
const CONVERSATIONS: usize = 7;
/// How many attempts of ten fail.
const FAULTS: u64 = 3;
const TIMEOUT: Duration = Duration::from_millis(300);
/// Longer than a call waits.
const LATE: u64 = 1000;

/// Numbers that look random, the same in every run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn faults() -> Vec<(&'static str, Answer)> {
    let limited = || Answer::status(429);
    vec![
        ("500 after storing", Answer::status(500).act()),
        ("502 before storing", Answer::status(502)),
        ("503 after storing", Answer::status(503).header("Retry-After", "1").act()),
        ("503 before storing", Answer::status(503).header("Retry-After", "1")),
        ("reset after storing", Answer::reset().act()),
        ("reset before storing", Answer::reset()),
        ("close after storing", Answer::close().act()),
        ("close before storing", Answer::close()),
        ("truncated after storing", Answer::status(201).json(json!({"success": true})).truncate().act()),
        ("late after storing", Answer::status(201).delay_ms(LATE).act()),
        ("late before storing", Answer::pass().delay_ms(LATE)),
        ("429 with a hint", limited().header("Retry-After-Ms", "20")),
        ("429 with a longer hint", limited().header("Retry-After-Ms", "40")),
        ("429 without a hint", limited()),
    ]
}

/// What to do with each request to store, in order of arrival; more than will arrive.
fn plan() -> Vec<(&'static str, Answer)> {
    let (mut numbers, faults) = (Numbers(20_261_122), faults());
    let kinds = faults.len() as u64;
    (0..2 * MESSAGES)
        .map(|_| match numbers.below(10) {
            0..FAULTS => faults[usize::try_from(numbers.below(kinds)).expect("a few")].clone(),
            _ => ("none", Answer::pass()),
        })
        .collect()
}

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder().api_key(fixtures::LINKTOR_API_KEY).base_url(sandbox.base_url("linktor")).random(|| 0.5)
}

async fn conversations(client: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..CONVERSATIONS {
        let names = json!({"contact_id": format!("contact-{number}"), "channel_id": "channel-1"});
        let made: Value =
            client.post("/conversations").json(&names).send().await.expect("a success").data().expect("a conversation");
        ids.push(made["id"].as_str().expect("an id").to_owned());
    }
    ids
}

fn content(number: usize) -> String {
    format!("message {number}")
}

/// Some callers have less patience than the server asks for.
async fn store(client: Client, conversation: String, number: usize) -> Result<Response, Error> {
    let mut request = client
        .post("/conversations/{id}/messages")
        .path_param("id", conversation)
        .json(&json!({"content_type": "text", "content": content(number)}));
    if number.is_multiple_of(8) {
        request = request.max_retry_wait(Duration::from_millis(25));
    }
    request.send().await
}

/// How often each content is stored.
async fn stored(client: &Client, conversations: &[String]) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for id in conversations {
        let pages = client.paginate("/conversations/{id}/messages").path_param("id", id).query([("page_size", 100)]);
        let messages: Vec<Value> = pages.items().try_collect().await.expect("all pages");
        for message in messages {
            *times.entry(message["content"].as_str().expect("a text").to_owned()).or_default() += 1;
        }
    }
    times
}

fn content_of(entry: &Entry) -> Option<String> {
    let body: Value = serde_json::from_str(entry.body.as_deref()?).ok()?;
    body["content"].as_str().map(str::to_owned)
}

async fn messages_through_faults(name: &str, customize: impl FnOnce(ClientBuilder) -> ClientBuilder) {
    let started = Instant::now();
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let reader = builder(&sandbox).build().expect("a valid client");
    let conversations = conversations(&reader).await;
    let stores = || Match { method: Some("POST".to_owned()), ..Match::default() };
    let plan = plan();
    sandbox.script(plan.iter().map(|(_, answer)| Answer { matching: Some(stores()), ..answer.clone() }).collect());

    let client = customize(builder(&sandbox).timeout(TIMEOUT)).build().expect("a valid client");
    let outcomes: Vec<_> = futures_util::stream::iter(0..MESSAGES)
        .map(|number| {
            let call = tokio::spawn(store(client.clone(), conversations[number % CONVERSATIONS].clone(), number));
            async move { (number, call.await.expect("no panic")) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    // Whatever still runs in the server does so now.
    tokio::time::sleep(TIMEOUT).await;

    let times = stored(&reader, &conversations).await;
    let journal: Vec<_> =
        sandbox.journal().into_iter().filter(|entry| entry.method == "POST").skip(CONVERSATIONS).collect();
    assert!(journal.len() < plan.len(), "the plan has run out");
    let mut entries = HashMap::<String, Vec<&Entry>>::new();
    for entry in &journal {
        if let Some(content) = content_of(entry) {
            entries.entry(content).or_default().push(entry);
        }
    }

    let mut counts = BTreeMap::<String, usize>::new();
    for (number, outcome) in &outcomes {
        let content = content(*number);
        let times = times.get(&content).copied().unwrap_or_default();
        let entries = entries.remove(&content).unwrap_or_default();
        let is_answered = entries.iter().any(|entry| entry.status.is_some());
        let told = || format!("{content}, stored {times} times: {outcome:?}, {entries:#?}");
        assert!(times <= 1, "{}", told());
        let (label, attempts) = match outcome {
            Ok(response) => {
                assert_eq!(times, 1, "{}", told());
                (if response.attempts() > 1 { "success after more" } else { "success" }.to_owned(), response.attempts())
            }
            Err(error) => {
                match error.sent() {
                    Sent::No => assert!(times == 0 && !is_answered && error.attempts() == 0, "{}", told()),
                    Sent::Maybe => {}
                    Sent::Yes => assert!(is_answered, "{}", told()),
                }
                let code = error.code().unwrap_or_default();
                (format!("{} {code}, sent {}", error.kind(), error.sent().as_str()), error.attempts())
            }
        };
        assert!(entries.len() <= attempts as usize, "sent more often than told: {}", told());
        *counts.entry(label).or_default() += 1;
    }
    assert!(entries.is_empty(), "nobody sent these: {entries:#?}");
    assert!(times.keys().all(|content| content.starts_with("message ")));

    let mut drawn = BTreeMap::<&str, usize>::new();
    for (kind, _) in &plan[..journal.len()] {
        *drawn.entry(kind).or_default() += 1;
    }
    println!("{name}: {:?}, {} requests, {} stored", started.elapsed(), journal.len(), times.len());
    println!("  faults: {drawn:#?}\n  outcomes: {counts:#?}");
    assert_eq!(drawn.len(), faults().len() + 1, "a kind of fault was never drawn");
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_stored_twice() {
    messages_through_faults("default budget", |builder| builder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_the_budget_never_ends() {
    messages_through_faults("large budget", |builder| builder.retry_budget(1_000_000).max_retries(10)).await;
}
