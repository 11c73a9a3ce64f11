//! Sessions in a file: whole at every moment, shared by processes, continued after a kill.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use linktor::{Client, Credentials, ErrorKind, FileStore, OAuth, Provider, Secret, TokenStore};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::{Value, json};

/// How a child of these tests is told what to do.
const TASK: &str = "LINKTOR_TEST_TASK";

fn client(task: &Value) -> Client {
    let text = |name: &str| task[name].as_str().expect("a text");
    let builder = Client::builder().token_store(FileStore::new(text("file")).expect("a file"));
    let builder = match task["provider"].as_str() {
        Some("linktor") => {
            builder.credentials(Credentials::password(fixtures::LINKTOR_EMAIL, fixtures::LINKTOR_PASSWORD))
        }
        _ => builder
            .provider(Provider::api_v2())
            .credentials(
                OAuth::new(fixtures::API_V2_CLIENT_ID, fixtures::API_V2_CLIENT_SECRET)
                    .refresh_token(fixtures::API_V2_REFRESH_TOKEN),
            )
            .auth_url(text("auth_url")),
    };
    builder.base_url(text("base_url")).build().expect("a valid client")
}

fn task(sandbox: &Sandbox, provider: &str, file: &Path) -> Value {
    json!({
        "provider": provider,
        "base_url": sandbox.base_url(provider),
        "auth_url": format!("{}/{provider}", sandbox.url()),
        "file": file,
        "path": if provider == "linktor" { "/me" } else { "/auth/test" },
    })
}

/// A process that calls once for every line it reads, and tells how it went.
struct Caller {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Caller {
    fn start(task: &Value) -> Self {
        let mut process = child("calls_when_told", task).stdin(Stdio::piped()).spawn().expect("it starts");
        let input = process.stdin.take().expect("it is piped");
        let mut caller = Self { output: BufReader::new(process.stdout.take().expect("it is piped")), process, input };
        caller.hear();
        caller
    }

    fn say(&mut self) {
        writeln!(self.input).expect("it listens");
    }

    /// The next line of its own, after those of the test runner.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.output.read_line(&mut line).expect("it speaks") > 0, "it ended");
            if let Some((_, said)) = line.trim_end().split_once("child:") {
                return said.to_owned();
            }
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // It ends by itself when its input does.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn child(name: &str, task: &Value) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command
        .args(["--ignored", "--exact", "--nocapture", name])
        .env(TASK, task.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn given() -> Value {
    serde_json::from_str(&std::env::var(TASK).expect("a task")).expect("JSON")
}

#[tokio::test]
#[ignore = "a child of the tests below"]
async fn calls_when_told() {
    let task = given();
    let client = client(&task);
    println!("child:ready");
    for _ in std::io::stdin().lines() {
        match client.get(task["path"].as_str().expect("a path")).send().await {
            Ok(response) => println!("child:{}", response.status()),
            Err(error) => println!("child:{error}"),
        }
    }
}

#[tokio::test]
#[ignore = "a child of the tests below"]
async fn renews_until_it_is_killed() {
    let task = given();
    let client = client(&task);
    loop {
        client.auth().refresh().await.expect("the session goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_processes_that_find_the_token_expired_make_one_exchange() {
    const ROUNDS: usize = 200;
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(&sandbox, "api_v2", &folder.path().join("tokens.json"));
    let exchanges = || sandbox.journal().iter().filter(|entry| entry.path == "/oauth/token").count();
    let (sandbox, exchanges) = (&sandbox, &exchanges);
    tokio::task::block_in_place(|| {
        let mut callers = [Caller::start(&task), Caller::start(&task)];
        for round in 1..=ROUNDS {
            callers.iter_mut().for_each(Caller::say);
            for caller in &mut callers {
                assert_eq!(caller.hear(), "200", "round {round}");
            }
            assert_eq!(exchanges(), round, "one exchange a round, by one of the two");
            sandbox.control("expire", json!({"family": "api_v2"})).expect("it expires");
        }
    });
}

/// How often a process is killed: in `make soak` 200 times.
fn kills() -> usize {
    if std::env::var_os("LINKTOR_SOAK_CALLS").is_some() { 200 } else { 10 }
}

/// Kills a renewing process at moments spread over its life, and makes a call after each.
fn kill_and_continue(task: &Value, mut after: impl FnMut(&str)) {
    for kill in 0..kills() {
        let mut process = child("renews_until_it_is_killed", task).spawn().expect("it starts");
        let moment = rand(kill as u64) % 120;
        std::thread::sleep(Duration::from_millis(moment));
        process.kill().expect("it runs");
        process.wait().expect("it ends");
        let file = task["file"].as_str().expect("a path");
        if let Ok(text) = std::fs::read_to_string(file) {
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("kill {kill}: {error}: {text}"));
        }
        let mut caller = Caller::start(task);
        caller.say();
        after(&caller.hear());
    }
}

/// Different moments in every run.
fn rand(round: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(round)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_killed_process_never_loses_a_session_that_the_server_still_knows() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    sandbox.control("sessions", json!({"family": "api_v2", "rotation": "overlap"})).expect("it rotates with overlap");
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(&sandbox, "api_v2", &folder.path().join("tokens.json"));
    tokio::task::block_in_place(|| kill_and_continue(&task, |outcome| assert_eq!(outcome, "200")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_session_that_a_kill_lost_is_reported_or_healed_by_the_password() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let folder = tempfile::tempdir().expect("a folder");
    // Strict rotation: what a kill took between the server's answer and the file is lost.
    let oauth = task(&sandbox, "api_v2", &folder.path().join("oauth.json"));
    tokio::task::block_in_place(|| {
        kill_and_continue(&oauth, |outcome| {
            assert!(outcome == "200" || outcome.contains("session_expired"), "{outcome}");
            if outcome != "200" {
                sandbox.reset();
                // It is not there if the first save never came.
                let _ = std::fs::remove_file(oauth["file"].as_str().expect("a path"));
            }
        });
    });
    sandbox.control("sessions", json!({"family": "linktor", "rotation": "strict"})).expect("it rotates strictly");
    let password = task(&sandbox, "linktor", &folder.path().join("password.json"));
    tokio::task::block_in_place(|| kill_and_continue(&password, |outcome| assert_eq!(outcome, "200")));
}

#[tokio::test]
async fn the_file_is_for_its_owner_and_nothing_else_is_left_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokens.json");
    let store = FileStore::new(&path).expect("a file");
    std::fs::write(folder.path().join("tokens.json.aB3dE6.new"), "half").expect("a killed writer");
    for other in ["tokens.json.prod.aB3dE6.new", "tokens.json.contacts.new"] {
        std::fs::write(folder.path().join(other), "").expect("somebody else's file");
    }
    let lock = store.lock("key").await.expect("it locks");
    assert!(lock.is_held());
    store.save("key", Secret::from(r#"{"a":1}"#)).await.expect("it saves");
    drop(lock);
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    assert_eq!(names, ["tokens.json", "tokens.json.contacts.new", "tokens.json.lock", "tokens.json.prod.aB3dE6.new"]);
    assert_eq!(store.load("key").await.expect("it loads").expect("a record").expose(), r#"{"a":1}"#);
    assert!(store.load("other").await.expect("it loads").is_none());
}

#[tokio::test]
async fn saves_at_once_without_a_lock_lose_no_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = FileStore::new(folder.path().join("tokens.json")).expect("a file");
    let saves = (0..20).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { store.save(&format!("key {number}"), Secret::from("{}")).await })
    });
    for save in saves.collect::<Vec<_>>() {
        save.await.expect("no panic").expect("it saves");
    }
    for number in 0..20 {
        let record = store.load(&format!("key {number}")).await.expect("it loads");
        assert!(record.is_some(), "record {number}");
    }
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokens.json");
    std::fs::write(&path, "marker-token").expect("another file");
    let store = FileStore::new(&path).expect("a file");
    let error = store.save("key", Secret::from("{}")).await.expect_err("it is no store");
    assert!(!error.to_string().contains("marker"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "marker-token");
}

#[tokio::test]
async fn a_symbolic_link_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokens.json");
    symlink(folder.path().join("elsewhere.json"), &path).expect("a link");
    let store = FileStore::new(&path).expect("a file");
    let error = store.save("key", Secret::from("{}")).await.expect_err("it is a link");
    assert!(error.to_string().contains("symbolic link"), "{error}");
    store.load("key").await.expect_err("it is a link");
    assert!(!folder.path().join("elsewhere.json").exists());
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = || FileStore::new(folder.path().join("tokens.json")).expect("a file");
    let held = store().lock("key").await.expect("it locks");
    let other = store();
    let waiting = tokio::spawn(async move { other.lock("key").await.map(drop) });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    drop(held);
    waiting.await.expect("no panic").expect("it locks");
}

#[test]
fn a_path_without_a_file_is_refused() {
    for path in ["", "/", ".."] {
        let error = FileStore::new(path).expect_err("no file");
        assert_eq!(error.kind(), ErrorKind::Config, "{path}");
    }
}
