//! [`Looks`]: repeated looks at a tree that is being stopped.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::process::{ExecutionChild, Member};

/// How long a kill is left to work before what it could not end is looked for: usually nothing is left then.
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

    /// Looks again, the later the longer it has taken: an end is noticed an eighth late, and a long grace
    /// period costs four looks a second.
    pub(super) fn repeat(&mut self, child: &ExecutionChild) {
        let pause = (self.since.elapsed() / 8).clamp(Duration::from_millis(1), Duration::from_millis(250));
        self.after(pause, child.look());
    }

    /// Kills what a kill of the group has left.
    pub(super) fn kill(&mut self, child: &ExecutionChild) {
        self.after(KILL_TAKES, child.kill_all());
    }

    fn after(&mut self, pause: Duration, look: impl Future<Output = Vec<Member>> + Send + 'static) {
        self.next = Some(Box::pin(async move {
            sleep(pause).await;
            look.await
        }));
    }

    /// What the look has found; never without one. Cancel-safe.
    pub(super) async fn found(&mut self) -> Vec<Member> {
        let Some(next) = &mut self.next else { return std::future::pending().await };
        let found = next.await;
        self.next = None;
        found
    }
}
