//! Who asks: workers that go on with the next request when one is done.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use linktor::{Client, Error, Response};
use tokio::task::LocalSet;

/// Runs a story in simulated time; should it fail, it names the seed.
pub(crate) fn simulate<T>(seed: u64, story: impl Future<Output = T>) -> T {
    struct Name(u64);
    impl Drop for Name {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the seed was {}", self.0);
            }
        }
    }
    let _name = Name(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(LocalSet::new().run_until(story))
}

/// One call, which the server knows by its number.
pub(crate) async fn get(client: &Client, number: u64) -> Result<Response, Error> {
    Box::pin(client.get(format!("/calls/{number}")).send()).await
}

/// So many workers.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) workers: u64,
    /// For how long they work.
    pub(crate) lasts: Duration,
}

/// What their calls came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) done: u64,
    pub(crate) failed: u64,
}

impl Crowd {
    /// Calls over and over; each call gets the number of its worker. Who fails rests for
    /// as long as the call says.
    pub(crate) async fn work(self, call: impl AsyncFn(u64) -> Result<(), Duration> + 'static) -> Outcome {
        let outcome = Rc::new(Cell::new(Outcome::default()));
        let call = Rc::new(call);
        let end = tokio::time::Instant::now() + self.lasts;
        let workers: Vec<_> = (0..self.workers)
            .map(|number| {
                let (outcome, call) = (Rc::clone(&outcome), Rc::clone(&call));
                let work = async move {
                    loop {
                        let result = call(number).await;
                        let mut sum = outcome.get();
                        *(if result.is_ok() { &mut sum.done } else { &mut sum.failed }) += 1;
                        outcome.set(sum);
                        if let Err(rest) = result {
                            tokio::time::sleep(rest).await;
                        }
                    }
                };
                tokio::task::spawn_local(tokio::time::timeout_at(end, work))
            })
            .collect();
        for worker in workers {
            worker.await.expect("no panic").expect_err("it works until its end");
        }
        outcome.get()
    }
}
