//! [`HostLoop`]: the part that the event loop of a host takes in reading.

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::task::Waker;

use super::reactor::Reactor;
use super::shared_task::SharedTask;

/// How often one turn looks who can read, where a look cannot tell of all of them: the loop has other things to do.
const LOOKS_PER_TURN: usize = 8;

/// Lets the event loop of a host read the few lines of quiet executions in its own thread.
///
/// A line now and then costs its reader next to nothing, and the waking of a thread much. With the runtime alone, a
/// line that is to be shown in a host's thread wakes two: one of the runtime's, which reads, and the host's. With
/// this, the host's loop is woken by the child's write itself. What an execution that is loud writes is read by
/// the runtime as before, and so is everything else while the host's loop stands still.
///
/// Linux only.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(target_os = "linux")] {
/// use execution_engine::{ExecutionConfig, ExecutionEngine, HostLoop};
///
/// let host_loop = HostLoop::new()?;
/// let engine = ExecutionEngine::builder(ExecutionConfig::default()).host_loop(&host_loop).build()?;
/// // Have the host's loop (GLib's, libuv's, …) watch the descriptor; whenever it is readable:
/// host_loop.turn();
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HostLoop {
    pub(crate) reactor: Arc<Reactor>,
}

impl HostLoop {
    /// Nothing is read through it yet.
    ///
    /// # Errors
    /// `Unsupported` on other systems than Linux; what the system says where it has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { reactor: Arc::new(Reactor::new()?) })
    }

    /// Reads what quiet executions wrote, and gives their lines to their handlers, here and now. To be called in the
    /// host's thread when the descriptor is readable. Does not block.
    pub fn turn(&self) {
        for _ in 0..LOOKS_PER_TURN {
            if self.look() {
                return;
            }
        }
    }

    /// True when there was no more than that.
    fn look(&self) -> bool {
        let (mut ended, mut is_all) = (Vec::<Waker>::new(), true);
        SharedTask::poll_what_wakes(|| {
            is_all = self.reactor.ready(|waker, is_end| {
                if is_end {
                    ended.push(waker);
                } else {
                    waker.wake();
                }
            });
        });
        // The end of an execution is more work than a line, and nobody's hurry: the runtime's.
        ended.into_iter().for_each(Waker::wake);
        is_all
    }
}

/// Readable when there is something to read.
#[cfg(target_os = "linux")]
impl AsFd for HostLoop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reactor.as_fd()
    }
}
