//! Reading vector files, and recording how each case went, for `tests/vectors/parity.py`. The
//! crate's own tests use it too, for the rules that have no public face.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use serde_json::{Map, Value};

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)
}

/// The cases of one file.
pub(crate) fn read(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    document["cases"].as_array().expect("a file has cases").clone()
}

/// Runs every case of a unit file.
pub(crate) async fn run(file: &str, case_of: impl AsyncFn(&Value) -> Result<(), String>) {
    let mut report = Report::default();
    for case in read(&folder("unit").join(format!("{file}.json"))) {
        report.add(file, &case, case_of(&case)).await;
    }
    // Each file is a test of its own.
    report.finish(&format!("rust-unit.{file}"));
}

/// How cases went, by file and name: `true`, or what went wrong.
#[derive(Default)]
pub(crate) struct Report {
    files: Map<String, Value>,
    failures: Vec<String>,
}

impl Report {
    pub(crate) async fn add(&mut self, file: &str, case: &Value, run: impl Future<Output = Result<(), String>>) {
        let name = case["name"].as_str().expect("a case has a name");
        let outcome = match AssertUnwindSafe(run).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(panic) => Err(panic.downcast::<String>().map_or_else(|_| "it panicked".to_owned(), |said| *said)),
        };
        self.files.entry(file).or_insert_with(|| Map::new().into())[name] = match outcome {
            Ok(()) => true.into(),
            Err(why) => {
                self.failures.push(format!("\n{file}/{name}: {why}"));
                why.into()
            }
        };
    }

    /// Writes the report, and fails with all that failed.
    pub(crate) fn finish(self, column: &str) {
        let target = folder("../../target/vectors");
        std::fs::create_dir_all(&target).expect("the folder can be made");
        let text = Value::from(self.files).to_string();
        std::fs::write(target.join(format!("{column}.json")), text).expect("the report can be written");
        assert!(self.failures.is_empty(), "{} cases failed:{}", self.failures.len(), self.failures.concat());
    }
}
