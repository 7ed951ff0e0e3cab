//! [`Looks`]: repeated looks at a tree that is being stopped.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::process::{ExecutionChild, Member};

/// Time that a kill gets before the tree is searched for survivors; usually none is left by then.
const KILL_TAKES: Duration = Duration::from_millis(50);

/// The next look, if there is to be one.
pub(super) struct Looks {
    /// When the first of them began.
    since: Instant,
    next: Option<Pin<Box<dyn Future<Output = Vec<Member>> + Send>>>,
}

impl Looks {
    /// None yet.
    pub(super) fn none() -> Self {
        Self { since: Instant::now(), next: None }
    }

    /// Looks now.
    pub(super) fn begin(&mut self, child: &ExecutionChild) {
        self.since = Instant::now();
        self.next = Some(Box::pin(child.look()));
    }

    /// Looks again, at growing intervals: an end is noticed an eighth late, and a long grace period costs
    /// four looks per second.
    pub(super) fn repeat(&mut self, child: &ExecutionChild) {
        let pause = (self.since.elapsed() / 8).clamp(Duration::from_millis(1), Duration::from_millis(250));
        self.after(pause, child.look());
    }

    /// Kills what survived the kill of the group.
    pub(super) fn kill(&mut self, child: &ExecutionChild) {
        self.after(KILL_TAKES, child.kill_all());
    }

    fn after(&mut self, pause: Duration, look: impl Future<Output = Vec<Member>> + Send + 'static) {
        self.next = Some(Box::pin(async move {
            sleep(pause).await;
            look.await
        }));
    }

    /// What the look found. Pending for ever without a look. Cancel-safe.
    pub(super) async fn found(&mut self) -> Vec<Member> {
        let Some(next) = &mut self.next else { return std::future::pending().await };
        let found = next.await;
        self.next = None;
        found
    }
}
