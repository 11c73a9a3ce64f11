//! How long calls over real HTTP take.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Failure;
use crate::peers::Peer;

/// Wall clock and CPU time of so many calls; percentiles where one follows the other.
pub(crate) async fn timed(peer: &impl Peer, calls: NonZeroUsize, at_once: NonZeroUsize) -> Result<Value, Failure> {
    let (peer, calls, at_once) = (peer.clone(), calls.get(), at_once.get());
    let (started, cpu_before) = (Instant::now(), cpu_time()?);
    let mut each = if at_once == 1 {
        // A task, as the workers are: to the main thread each answer would come from another one.
        tokio::spawn(one_by_one(peer, calls)).await??
    } else {
        together(peer, calls, at_once).await?;
        Vec::new()
    };
    let (took, cpu) = (started.elapsed(), cpu_time()?.saturating_sub(cpu_before));
    let mut answer = json!({ "seconds": took.as_secs_f64(), "cpu_seconds": cpu.as_secs_f64() });
    if !each.is_empty() {
        each.sort_unstable();
        for (name, percent) in [("p50_us", 50), ("p99_us", 99)] {
            answer[name] = json!(nearest_rank(&each, percent).as_secs_f64() * 1e6);
        }
    }
    Ok(answer)
}

async fn one_by_one(peer: impl Peer, calls: usize) -> Result<Vec<Duration>, Failure> {
    let mut each = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        call(&peer).await?;
        each.push(started.elapsed());
    }
    Ok(each)
}

/// So many workers, each of which takes the next call.
async fn together(peer: impl Peer, calls: usize, workers: usize) -> Result<(), Failure> {
    let taken = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let (peer, taken) = (peer.clone(), Arc::clone(&taken));
        tasks.spawn(async move {
            while taken.fetch_add(1, Ordering::Relaxed) < calls {
                call(&peer).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(worker) = tasks.join_next().await {
        worker??;
    }
    Ok(())
}

async fn call(peer: &impl Peer) -> Result<(), Failure> {
    peer.contacts().await?.is_whole().then_some(()).ok_or_else(|| "not a success".into())
}

/// User and system, of all threads.
fn cpu_time() -> Result<Duration, Failure> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

/// The smallest of these, from small to large, that `percent` of them do not exceed.
fn nearest_rank(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}
