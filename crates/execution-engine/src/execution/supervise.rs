//! Watches over one process from its start to its reaping.
//!
//! The order at the end matters: see the exit without reaping → settle what is left of the tree
//! while the zombie leader still holds the group id → drain the pipes to one deadline that is never
//! re-armed → reap. (Bazel's process-wrapper does it in this order, for the same reason: a group id
//! whose leader was reaped may be another's already.)

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::dormant::Dormant;
use super::flow::Flow;
use super::outcome::Cause;
use super::settings::Settings;
use super::sinks::Sinks;
use crate::process::{ExecutionChild, Exit, Scope, TreeSignal};
use crate::registry::StopRequest;
use crate::result::LeftoverProcess;

/// How long output is awaited after the exit, when another process still holds the pipe.
const LEAK_TIMEOUT: Duration = Duration::from_millis(200);
/// How long a forced end may take before the process is reported as left behind: one stuck in the
/// kernel (a dead network file system) takes no signal at all.
const UNKILLABLE_AFTER: Duration = Duration::from_secs(10);

/// What was learned of the process.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// Why the engine stopped it; `None` for a natural end.
    pub(crate) cause: Option<Cause>,
    pub(crate) leftovers: Vec<LeftoverProcess>,
    pub(crate) output_incomplete: bool,
    /// The end as the clock saw it, before draining.
    pub(crate) at: Instant,
}

/// What the process is being asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Asked to stop; the timer ends the grace period.
    Stopping(Cause),
    /// Killed; the timer gives up.
    Killing(Cause),
}

/// What the output has to step aside for.
enum Call {
    /// A stop was requested.
    Stop,
    /// The timer has run out.
    Time,
    /// The leader has ended.
    Exit,
    /// More was written than may be.
    Limit,
}

pub(crate) struct Supervisor<'a> {
    child: ExecutionChild,
    flow: Flow,
    sinks: &'a mut Sinks,
    stop: watch::Receiver<StopRequest>,
    settings: Settings,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
}

impl<'a> Supervisor<'a> {
    pub(crate) fn new(
        child: ExecutionChild,
        flow: Flow,
        sinks: &'a mut Sinks,
        stop: watch::Receiver<StopRequest>,
        settings: Settings,
        started: Instant,
    ) -> Self {
        let timeout_at = started + Duration::from_millis(settings.timeout_ms);
        Self {
            child,
            flow,
            sinks,
            stop,
            settings,
            phase: Phase::Running,
            timer: Box::pin(sleep_until(timeout_at)),
        }
    }

    /// From the start to the reaping.
    pub(crate) async fn run(mut self) -> Ended {
        // Asked to stop while it was being started.
        self.stop_requested();
        let exited = self.until_exit().await;
        let at = Instant::now();
        tracing::debug!(exited, "exited");
        let mut leftovers = match self.phase {
            Phase::Running => Vec::new(),
            Phase::Stopping(_) => self.settle_gracefully().await,
            Phase::Killing(_) => {
                self.flow.withdraw();
                self.child.kill_all().await
            }
        };
        // One deadline, counted from when the tree was settled: that alone may take the grace period.
        let complete = self.drain(Instant::now() + LEAK_TIMEOUT).await;
        tracing::debug!(complete, "drained");
        let cause = match self.phase {
            Phase::Stopping(cause) | Phase::Killing(cause) => Some(cause),
            // The limit was passed by what was still in the pipe at the exit.
            Phase::Running if self.flow.is_over_limit() => {
                leftovers = self.child.kill_all().await;
                Some(Cause::OutputLimit(self.settings.limit.bytes))
            }
            Phase::Running => None,
        };
        let exit = if exited {
            if cause.is_none() {
                let (exit, left) = self.child.reap_and_look().await;
                leftovers = left;
                exit
            } else {
                self.child.reap()
            }
        } else {
            leftovers.push(LeftoverProcess { pid: self.child.pid(), name: "unkillable".to_owned() });
            Exit::unknown()
        };
        Ended { exit, cause, leftovers, output_incomplete: !complete, at }
    }

    /// True when the leader has ended; false when it could not be ended.
    async fn until_exit(&mut self) -> bool {
        loop {
            match self.next_call().await {
                Call::Stop => self.stop_requested(),
                Call::Time => {
                    if self.time_is_up() {
                        return false;
                    }
                }
                Call::Exit => return true,
                Call::Limit => self.stop_gracefully(Cause::OutputLimit(self.settings.limit.bytes)),
            }
        }
    }

    /// Keeps the output flowing until something else is to be done.
    async fn next_call(&mut self) -> Call {
        let Self { child, flow, sinks, stop, timer, phase, .. } = self;
        let mut call = pin!(async {
            tokio::select! {
                biased;
                Ok(()) = stop.changed() => Call::Stop,
                () = timer.as_mut() => Call::Time,
                () = child.exited() => Call::Exit,
            }
        });
        let mut call = Dormant::new(call.as_mut());
        loop {
            tokio::select! {
                // In this order: endless output must starve neither a request nor a timer.
                biased;
                call = &mut call => return call,
                () = flow.turn(sinks) => {
                    if flow.is_over_limit() && *phase == Phase::Running {
                        return Call::Limit;
                    }
                }
            }
        }
    }

    fn stop_requested(&mut self) {
        let urgency = *self.stop.borrow_and_update();
        match (self.phase, urgency) {
            // Asked already, for another reason perhaps: the grace period goes on.
            (_, StopRequest::None) | (Phase::Killing(_), _) | (Phase::Stopping(_), StopRequest::Graceful) => {
            }
            (Phase::Running, StopRequest::Graceful) => self.stop_gracefully(Cause::Cancelled),
            (Phase::Running, StopRequest::Force) => self.kill(Cause::Cancelled),
            (Phase::Stopping(cause), StopRequest::Force) => self.kill(cause),
        }
    }

    /// True when everything was tried.
    fn time_is_up(&mut self) -> bool {
        match self.phase {
            Phase::Running => self.stop_gracefully(Cause::Timeout(self.settings.timeout_ms)),
            Phase::Stopping(cause) => self.kill(cause),
            Phase::Killing(_) => return true,
        }
        false
    }

    fn stop_gracefully(&mut self, cause: Cause) {
        if self.settings.kill_grace.is_zero() {
            return self.kill(cause);
        }
        tracing::debug!(cause = cause.as_str(), "asked to stop");
        self.sinks.log_signal("SIGTERM", cause);
        self.child.signal_tree(TreeSignal::Polite);
        self.phase = Phase::Stopping(cause);
        self.timer.as_mut().reset(Instant::now() + self.settings.kill_grace);
    }

    fn kill(&mut self, cause: Cause) {
        tracing::debug!(cause = cause.as_str(), "killed");
        self.sinks.log_signal("SIGKILL", cause);
        self.child.signal_tree(TreeSignal::Force);
        self.phase = Phase::Killing(cause);
        self.timer.as_mut().reset(Instant::now() + UNKILLABLE_AFTER);
    }

    /// The leader obeyed; its children get the rest of the grace period, then everything goes.
    async fn settle_gracefully(&mut self) -> Vec<LeftoverProcess> {
        self.flow.withdraw();
        let mut pause = Duration::from_millis(1);
        while matches!(self.phase, Phase::Stopping(_)) && !self.child.members(Scope::Group).await.is_empty() {
            let next_look = Instant::now() + pause;
            pause = (pause * 2).min(Duration::from_millis(50));
            loop {
                tokio::select! {
                    biased;
                    Ok(()) = self.stop.changed() => self.stop_requested(),
                    () = &mut self.timer => { self.time_is_up(); }
                    () = sleep_until(next_look) => break,
                    () = self.flow.turn(self.sinks) => {}
                }
            }
            self.flow.withdraw();
        }
        self.child.kill_all().await
    }

    /// Reads what is left. True when both streams came to their end.
    ///
    /// What the pipes held at the exit is read, at the deadline also where there is no room for it: the child
    /// wrote it, and it is bounded by the pipes' capacity. Beyond that only a process left behind writes.
    async fn drain(&mut self, deadline: Instant) -> bool {
        tokio::select! {
            biased;
            () = self.flow.read_remainder(self.sinks) => {}
            () = sleep_until(deadline) => self.flow.read_remainder_now(self.sinks),
        }
        while self.flow.is_open() {
            tokio::select! {
                biased;
                () = sleep_until(deadline) => break,
                () = self.flow.turn(self.sinks) => {}
            }
        }
        let complete = !self.flow.is_open();
        self.flow.close(self.sinks);
        complete
    }
}
