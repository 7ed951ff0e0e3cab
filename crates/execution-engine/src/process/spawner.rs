//! The spawner thread: one per host process, and it never ends.
//!
//! One thread, because creating a pipe and spawning must not overlap on macOS, which has no `pipe2`. A
//! dedicated thread, because a spawn suspends its caller until the child runs, and because the child inherits
//! the thread's signal mask.
//!
//! Transient failures are retried: a program that is still being written (ETXTBSY, as after unpacking a
//! script; `Buck2` tries 10 times in 50 ms steps), no process or descriptor left (EAGAIN, EMFILE, ENFILE,
//! ENOMEM). An order that waits for its next try does not delay others. A look-up in a file system that hangs
//! does delay every later spawn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::launch::{self, Launched, Spawned};
use super::os;
use super::spawn_claim::SpawnClaim;
use super::spec::{SpawnSpec, Transience};
use crate::error::{ExecutionFailure, FailureCode};
use crate::sync::lock;
use crate::thread::thread;

type Prepare = Box<dyn FnOnce() -> Result<SpawnSpec, ExecutionFailure> + Send>;
type Reply = oneshot::Sender<Result<Launched, ExecutionFailure>>;

struct Order {
    prepare: Prepare,
    claim: SpawnClaim,
    reply: Reply,
}

/// A spawn that failed for now.
struct Waiting {
    due: Instant,
    tries: u32,
    spec: SpawnSpec,
    claim: SpawnClaim,
    reply: Reply,
}

static ORDERS: Mutex<Option<Sender<Order>>> = Mutex::new(None);

/// Runs `prepare` on the spawner thread (it may look at the file system) and spawns the process it returns.
///
/// Dropping the future is safe at any point: a process that was already spawned is killed and reaped. A
/// caller that must know whether there was one revokes the `claim` first.
///
/// # Errors
/// [`ExecutionFailure`]: from `prepare`, or why the system did not spawn the process.
pub(crate) async fn spawn<F>(claim: SpawnClaim, prepare: F) -> Result<Spawned, ExecutionFailure>
where
    F: FnOnce() -> Result<SpawnSpec, ExecutionFailure> + Send + 'static,
{
    launch(claim, Box::new(prepare)).await?.register()
}

/// Up to the point where the process runs and nothing is registered with the runtime yet.
pub(super) async fn launch(claim: SpawnClaim, prepare: Prepare) -> Result<Launched, ExecutionFailure> {
    let (reply, answer) = oneshot::channel();
    send(Order { prepare, claim, reply })?;
    answer.await.unwrap_or_else(|_| Err(internal("the spawner thread gave no answer")))
}

fn send(order: Order) -> Result<(), ExecutionFailure> {
    let mut orders = lock(&ORDERS);
    let order = match &*orders {
        // A closed channel returns the order: its thread is gone, and the next one takes it.
        Some(sender) => match sender.send(order) {
            Ok(()) => return Ok(()),
            Err(unsent) => unsent.0,
        },
        None => order,
    };
    let (sender, receiver) = channel();
    thread("exec-spawner").spawn(move || run(&receiver)).map_err(|error| {
        ExecutionFailure::new(
            FailureCode::ResourceExhausted,
            format!("no thread to start processes from: {error}. Raise the limit on threads, or run less"),
        )
    })?;
    let sent = sender.send(order).map_err(|_| internal("the spawner thread ended at once"));
    *orders = Some(sender);
    sent
}

fn run(orders: &Receiver<Order>) {
    os::prepare_spawner_thread();
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        let due = waiting.iter().map(|one| one.due).min();
        let order = match due {
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => orders.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        os::reap_orphans();
        match order {
            Ok(order) => first_try(order, &mut waiting),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        for one in waiting.extract_if(.., |one| one.due <= now).collect::<Vec<_>>() {
            attempt(one, &mut waiting);
        }
    }
}

fn first_try(Order { prepare, claim, reply }: Order, waiting: &mut Vec<Waiting>) {
    if reply.is_closed() {
        return;
    }
    let prepared = catch_unwind(AssertUnwindSafe(prepare))
        .unwrap_or_else(|_| Err(internal("preparing the command panicked")));
    match prepared {
        Ok(spec) => attempt(Waiting { due: Instant::now(), tries: 0, spec, claim, reply }, waiting),
        // A caller that went away needs no answer.
        Err(failure) => drop(reply.send(Err(failure))),
    }
}

fn attempt(mut one: Waiting, waiting: &mut Vec<Waiting>) {
    if one.reply.is_closed() || !one.claim.take() {
        return;
    }
    one.tries += 1;
    let launched = catch_unwind(AssertUnwindSafe(|| launch::launch(&one.spec)));
    if !matches!(launched, Ok(Ok(_))) {
        one.claim.release();
    }
    let answer = match launched {
        Ok(Ok(launched)) => Ok(launched),
        Ok(Err(error)) => match delay(os::transience(&error), one.tries) {
            Some(delay) => {
                one.due = Instant::now() + delay;
                waiting.push(one);
                return;
            }
            None => Err(os::explain(&one.spec, &error, one.tries)),
        },
        Err(_) => Err(internal("starting the process panicked")),
    };
    // Without a receiver the answer is dropped, which kills and reaps its process.
    drop(one.reply.send(answer));
}

/// How long to wait after the `tries`-th try, or `None` to give up.
fn delay(transience: Transience, tries: u32) -> Option<Duration> {
    match transience {
        Transience::ProgramBusy if tries <= 10 => Some(Duration::from_millis(50)),
        Transience::Exhausted if tries <= 5 => Some(Duration::from_millis(10 << tries)),
        _ => None,
    }
}

fn internal(what: &str) -> ExecutionFailure {
    ExecutionFailure::new(FailureCode::Internal, format!("{what}: a bug in the engine, please report it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_while_preparing_fails_that_one_and_the_thread_goes_on() {
        for _ in 0..2 {
            let failure = spawn(SpawnClaim::default(), || panic!("in a test")).await.unwrap_err();
            assert_eq!(failure.code, FailureCode::Internal);
        }
    }

    #[test]
    fn retries_are_bounded() {
        assert_eq!(delay(Transience::Lasting, 1), None);
        assert_eq!((1..20).filter(|&n| delay(Transience::ProgramBusy, n).is_some()).count(), 10);
        let waited: Duration = (1..20).filter_map(|n| delay(Transience::Exhausted, n)).sum();
        assert!(waited < Duration::from_secs(1), "{waited:?}");
    }
}
