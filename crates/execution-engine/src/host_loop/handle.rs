//! [`HostLoop`]: what a host holds of the part that its event loop takes in reading.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;

use tokio::runtime::Handle;

use super::reactor::Reactor;
use super::shared_task::{Runner, SharedTask};

/// Looks per turn, where one look cannot tell of all that can be read: the loop has other things to do.
const LOOKS_PER_TURN: usize = 8;

/// Lets the event loop of a host read the few lines of quiet executions in its own thread.
///
/// To read a line costs next to nothing, to wake a thread much. With the runtime alone, a line that is to be shown in a
/// host's thread wakes two: one of the runtime's, which reads, and the host's. With this, the child's write itself wakes
/// the host's loop. The runtime still reads what loud executions write, and everything while the host's loop stands still.
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
    /// A loop that nothing is read through yet.
    ///
    /// # Errors
    /// What the system says where it has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { reactor: Arc::new(Reactor::new()?) })
    }

    /// Has the runtime read what the host leaves alone for too long. Gives what pipes are watched by.
    pub(crate) fn join(&self, runtime: &Handle) -> Arc<Reactor> {
        runtime.spawn(Reactor::stand_in(Arc::downgrade(&self.reactor)));
        Arc::clone(&self.reactor)
    }

    /// Reads what quiet executions wrote, and gives their lines to their handlers, in the calling thread. To be called
    /// when the descriptor is readable. Does not block.
    pub fn turn(&self) {
        for _ in 0..LOOKS_PER_TURN {
            if self.look() {
                return;
            }
        }
    }

    /// Ends the host's part: from now on the runtime reads everything. For a host whose loop cannot watch the
    /// descriptor any more.
    pub fn close(&self) {
        tracing::warn!(
            "the host's event loop reads no more: a thread of the runtime is woken for every line"
        );
        self.reactor.close();
    }

    /// True when it told of everything that could be read.
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
        // The end of an execution is more work than a line, and not urgent: the runtime's.
        ended.into_iter().for_each(Waker::wake);
        is_all
    }
}

/// Spawns an execution's task: one that the host's thread polls, too, where there is a reactor.
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
            // The host's thread is in no runtime, and the task's timers and pipes need one.
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
