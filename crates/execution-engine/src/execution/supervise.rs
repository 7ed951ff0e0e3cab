//! Supervises one process from its start until it is reaped.
//!
//! The order at the end matters: see the exit without reaping → settle what is left of the tree while the
//! zombie leader still holds the group id → drain the pipes to one deadline that is never re-armed → reap.
//! (Bazel's process-wrapper uses this order for the same reason: once the leader is reaped, its group id may
//! belong to another process.)

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

/// How long to drain output after the exit while another process still holds the pipe.
const LEAK_TIMEOUT: Duration = Duration::from_millis(200);
/// How long a kill may take before the process is reported as left behind: one that is stuck in the kernel (a
/// dead network file system) does not react to any signal.
const UNKILLABLE_AFTER: Duration = Duration::from_secs(10);

/// What supervision found out about the process.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// Why the engine stopped it; `None` for a natural end.
    pub(crate) cause: Option<Cause>,
    pub(crate) leftovers: Vec<LeftoverProcess>,
    pub(crate) output_incomplete: bool,
    /// When it ended, by the clock, before draining.
    pub(crate) at: Instant,
}

/// How far stopping has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Asked to stop; the timer is the grace period.
    Stopping(Cause),
    /// Killed; when the timer fires, it is given up.
    Killing(Cause),
}

/// Why reading is interrupted.
enum Call {
    /// A stop was requested.
    Stop,
    /// The timer has fired.
    Time,
    /// The leader has ended.
    Exit,
    /// The output limit is exceeded.
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

    /// From the start until the process is reaped.
    pub(crate) async fn run(mut self) -> Ended {
        // A stop was requested during the spawn.
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
        // One deadline, counted from when the tree was settled, because settling may take the whole grace
        // period.
        let complete = self.drain(Instant::now() + LEAK_TIMEOUT).await;
        tracing::debug!(complete, "drained");
        let cause = match self.phase {
            Phase::Stopping(cause) | Phase::Killing(cause) => Some(cause),
            // The output still in the pipe at the exit exceeded the limit.
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

    /// True if the leader has ended; false if it could not be ended.
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

    /// Keeps output flowing until an interrupt.
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
            // Asked already, perhaps for another reason: the grace period continues.
            (_, StopRequest::None) | (Phase::Killing(_), _) | (Phase::Stopping(_), StopRequest::Graceful) => {
            }
            (Phase::Running, StopRequest::Graceful) => self.stop_gracefully(Cause::Cancelled),
            (Phase::Running, StopRequest::Force) => self.kill(Cause::Cancelled),
            (Phase::Stopping(cause), StopRequest::Force) => self.kill(cause),
        }
    }

    /// True when everything has been tried.
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
        self.child.signal_tree(TreeSignal::Graceful);
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

    /// The leader has stopped; its children get the rest of the grace period, then everything is killed.
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

    /// Reads what is left. True if both streams came to their end.
    ///
    /// What the pipes held at the exit is always read, at the deadline even without capacity: the child wrote
    /// it, and the pipes' size bounds it. Beyond that, only a process left behind writes.
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
