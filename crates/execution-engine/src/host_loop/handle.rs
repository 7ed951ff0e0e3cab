//! [`HostLoop`]: a host's handle, through which its event loop takes part in reading.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;

use tokio::runtime::Handle;

use super::reactor::Reactor;
use super::shared_task::{Runner, SharedTask};

/// Most looks per turn, if one look cannot report every readable pipe: the host's loop has other work too.
const LOOKS_PER_TURN: usize = 8;

/// Lets a host's event loop read the few lines of quiet executions in its own thread.
///
/// Reading a line is cheap; waking a thread is not. With the runtime alone, a line for the host's thread
/// wakes two threads: one of the runtime, which reads, and the host's. With this, the child's write itself
/// wakes the host's loop. The runtime still reads what busy executions write, and everything while the host's
/// loop is blocked.
///
/// Linux only, with the feature `host-loop`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use execution_engine::{ExecutionConfig, ExecutionEngine, HostLoop};
///
/// let host_loop = HostLoop::new()?;
/// let engine = ExecutionEngine::builder(ExecutionConfig::default()).host_loop(&host_loop).build()?;
/// // Have the host's loop (GLib's, libuv's, …) watch the descriptor; whenever it is readable:
/// host_loop.turn();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HostLoop {
    reactor: Arc<Reactor>,
}

impl HostLoop {
    /// A loop that reads nothing yet.
    ///
    /// # Errors
    /// The system's error when no descriptor is left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { reactor: Arc::new(Reactor::new()?) })
    }

    /// Returns the reactor that watches the pipes, and has the runtime read what the host leaves unread too
    /// long.
    pub(crate) fn join(&self, runtime: &Handle) -> Arc<Reactor> {
        runtime.spawn(Reactor::stand_in(Arc::downgrade(&self.reactor)));
        Arc::clone(&self.reactor)
    }

    /// Reads what quiet executions wrote, and passes their lines to their handlers, in the calling thread.
    /// Call it when the descriptor is readable. Does not block.
    pub fn turn(&self) {
        for _ in 0..LOOKS_PER_TURN {
            if self.look() {
                return;
            }
        }
    }

    /// Stops the host's part: from now on, the runtime reads everything. For a host whose loop can no longer
    /// watch the descriptor.
    pub fn close(&self) {
        tracing::warn!(
            "the host's event loop no longer reads: a thread of the runtime is woken for every line"
        );
        self.reactor.close();
    }

    /// True if it reported everything that could be read.
    fn look(&self) -> bool {
        let (mut ended, mut is_all) = (Vec::<Waker>::new(), true);
        SharedTask::poll_woken(|| {
            is_all = self.reactor.ready(|waker, is_end| {
                if is_end {
                    ended.push(waker);
                } else {
                    waker.wake();
                }
            });
        });
        // Ending an execution is more work than a line, and not urgent: the runtime does it.
        ended.into_iter().for_each(Waker::wake);
        is_all
    }
}

/// Spawns an execution's task. With a reactor, the host's thread polls it too.
pub(crate) fn spawn(
    runtime: &Handle,
    reactor: Option<&Arc<Reactor>>,
    task: impl Future<Output = ()> + Send + 'static,
) {
    if reactor.is_none() {
        runtime.spawn(task);
        return;
    }
    let context = runtime.clone();
    runtime.spawn(Runner::new(async move {
        let mut task = pin!(task);
        poll_fn(|waker| {
            // The host's thread is in no runtime, but the task's timers and pipes need one.
            let _inside = context.enter();
            task.as_mut().poll(waker)
        })
        .await;
    }));
}

/// Readable when there is something to read.
impl AsFd for HostLoop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reactor.as_fd()
    }
}
