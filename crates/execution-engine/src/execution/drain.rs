//! Reads what is left in the pipes after the leader's end, within bounds.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::flow::Flow;
use super::sinks::Sinks;
use crate::process::ExecutionChild;
use crate::registry::StopRequest;
use crate::result::LeftoverProcess;

/// How long a pipe that another process holds may be silent.
const LEAK_TIMEOUT: Duration = Duration::from_millis(200);
/// How long to keep reading in all while members of the execution still write: the `tee` of `exec > >(tee
/// log)` ends after the program it serves.
const WRITERS_TIMEOUT: Duration = Duration::from_secs(2);

/// The result of draining.
pub(super) struct Drained {
    /// Both streams ended.
    pub(super) complete: bool,
    /// Members that were alive when reading stopped early.
    pub(super) holders: Vec<LeftoverProcess>,
}

/// After a stop, processes that survived the kill are not waited for.
pub(super) async fn drain(flow: &mut Flow, sinks: &mut Sinks) -> Drained {
    let deadline = Instant::now() + LEAK_TIMEOUT;
    read_remainder(flow, sinks, deadline).await;
    read_until(deadline, flow, sinks).await;
    finish(flow, sinks, Vec::new())
}

/// After a natural end, reading goes on beyond the leak timeout while members of the execution write, until
/// `limit` or a stop request.
pub(super) async fn drain_writers(
    child: &ExecutionChild,
    flow: &mut Flow,
    sinks: &mut Sinks,
    limit: Instant,
    stop: &watch::Receiver<StopRequest>,
) -> Drained {
    let ended = Instant::now();
    let limit = limit.min(ended + WRITERS_TIMEOUT);
    let mut deadline = ended + LEAK_TIMEOUT;
    read_remainder(flow, sinks, deadline).await;
    loop {
        let before = sinks.bytes();
        read_until(deadline, flow, sinks).await;
        if !flow.is_open() {
            return finish(flow, sinks, Vec::new());
        }
        flow.withdraw();
        let (holders, is_busy) = child.look_for_writers().await;
        // On a busy machine the writer may have had no CPU in that time.
        let do_write = !holders.is_empty() && (is_busy || sinks.bytes() > before || !flow.is_empty());
        let is_enough = deadline >= limit || flow.is_over_limit() || stop.has_changed().unwrap_or(false);
        if is_enough || !do_write {
            flow.read_remainder_now(sinks);
            return finish(flow, sinks, holders);
        }
        deadline = limit.min(Instant::now() + LEAK_TIMEOUT);
    }
}

/// What the pipes held at the exit is always read, at the deadline even without capacity: the child wrote it,
/// and the pipes' size bounds it. Beyond that, only a process left behind writes.
async fn read_remainder(flow: &mut Flow, sinks: &mut Sinks, deadline: Instant) {
    tokio::select! {
        biased;
        () = flow.read_remainder(sinks) => {}
        () = sleep_until(deadline) => flow.read_remainder_now(sinks),
    }
}

async fn read_until(deadline: Instant, flow: &mut Flow, sinks: &mut Sinks) {
    while flow.is_open() {
        tokio::select! {
            biased;
            () = sleep_until(deadline) => break,
            () = flow.turn(sinks) => {}
        }
    }
}

fn finish(flow: &mut Flow, sinks: &mut Sinks, holders: Vec<LeftoverProcess>) -> Drained {
    let complete = !flow.is_open();
    flow.close(sinks);
    Drained { complete, holders: if complete { Vec::new() } else { holders } }
}
