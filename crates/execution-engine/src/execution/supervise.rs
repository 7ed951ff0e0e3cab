//! Supervises one process from its start until it is reaped.
//!
//! The order at the end matters: see the exit without reaping → settle what is left of the tree while the
//! zombie leader still holds the group id → drain the pipes within a bound → reap. (Bazel's process-wrapper
//! uses this order for the same reason: once the leader is reaped, its group id may belong to another
//! process.)

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::dormant::Dormant;
use super::drain::{drain, drain_writers};
use super::flow::Flow;
use super::looks::Looks;
use super::outcome::{Cause, Reach, Stop};
use super::settings::Settings;
use super::sinks::Sinks;
use crate::process::{ExecutionChild, Exit, Member, TreeSignal};
use crate::registry::StopRequest;
use crate::result::LeftoverProcess;

/// How long a kill may take before the process is reported as left behind: one that is stuck in the kernel (a
/// dead network file system) does not react to any signal.
const UNKILLABLE_AFTER: Duration = Duration::from_secs(10);

/// What supervision found out about the process.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// `None` for a natural end.
    pub(crate) stop: Option<Stop>,
    /// What was left alone after a natural end, or could not be stopped.
    pub(crate) leftovers: Vec<LeftoverProcess>,
    pub(crate) output_incomplete: bool,
    /// When it ended, before draining.
    pub(crate) at: Instant,
}

/// The progress of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Asked to stop; the timer is the grace period.
    Stopping(Cause),
    /// Killed; when the timer fires, it is given up.
    Killing(Cause),
}

/// How the leader's life was followed to its end.
enum LeaderEnd {
    Exited,
    /// It could not be ended; what is left of the tree.
    LivesOn(Vec<Member>),
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
    /// The living members of a tree that is being stopped.
    Found(Vec<Member>),
}

pub(crate) struct Supervisor<'a> {
    child: ExecutionChild,
    flow: Flow,
    sinks: &'a mut Sinks,
    stop: watch::Receiver<StopRequest>,
    settings: Settings,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
    looks: Looks,
    /// Whether the leader runs as another user, whom this host may not signal.
    leader_is_out_of_reach: bool,
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
            looks: Looks::none(),
            leader_is_out_of_reach: false,
        }
    }

    /// From the start until the process is reaped.
    pub(crate) async fn run(mut self) -> Ended {
        // A stop was requested during the spawn.
        self.stop_requested();
        let end = self.until_exit().await;
        let at = Instant::now();
        let exited = matches!(end, LeaderEnd::Exited);
        tracing::debug!(exited, "exited");
        let (Phase::Stopping(cause) | Phase::Killing(cause)) = self.phase else {
            return self.end_naturally(at).await;
        };
        let left = match end {
            LeaderEnd::Exited => self.settle().await,
            LeaderEnd::LivesOn(left) => left,
        };
        // Counted from when the tree was settled, because settling may take the whole grace period.
        let drained = drain(&mut self.flow, self.sinks).await;
        tracing::debug!(complete = drained.complete, "drained");
        self.reap_stopped(cause, left, at, !drained.complete, exited)
    }

    async fn end_naturally(mut self, at: Instant) -> Ended {
        let drained =
            drain_writers(&self.child, &mut self.flow, self.sinks, self.timer.deadline(), &self.stop).await;
        let output_incomplete = !drained.complete;
        tracing::debug!(complete = drained.complete, "drained");
        // The output still in the pipe at the exit exceeded the limit.
        if self.flow.is_over_limit() {
            let cause = Cause::OutputLimit(self.settings.limit.bytes);
            let left = self.child.kill_all().await;
            return self.reap_stopped(cause, left, at, output_incomplete, true);
        }
        let (exit, mut leftovers) = self.child.reap_and_look().await;
        // Those that held the output explain what is missing, even if they have ended since.
        let held =
            drained.holders.into_iter().filter(|holder| !leftovers.iter().any(|one| one.pid == holder.pid));
        leftovers.extend(held.collect::<Vec<_>>());
        Ended { exit, stop: None, leftovers, output_incomplete, at }
    }

    fn reap_stopped(
        self,
        cause: Cause,
        left: Vec<Member>,
        at: Instant,
        output_incomplete: bool,
        exited: bool,
    ) -> Ended {
        let leftovers = left.iter().map(|member| member.process.clone()).collect();
        let exit = if exited { self.child.reap() } else { Exit::unknown() };
        let reach = match left {
            left if !left.is_empty() => Reach::AllBut(left),
            _ if self.leader_is_out_of_reach => Reach::AllButTheLeader,
            _ => Reach::All,
        };
        Ended { exit, stop: Some(Stop { cause, reach }), leftovers, output_incomplete, at }
    }

    async fn until_exit(&mut self) -> LeaderEnd {
        loop {
            match self.next_call().await {
                Call::Stop => self.stop_requested(),
                Call::Time => {
                    if self.time_is_up() {
                        return LeaderEnd::LivesOn(self.child.look().await);
                    }
                }
                Call::Exit => return LeaderEnd::Exited,
                Call::Limit => self.stop_gracefully(Cause::OutputLimit(self.settings.limit.bytes)),
                Call::Found(members) => {
                    let leader = members.iter().find(|member| member.process.pid == self.child.pid());
                    self.leader_is_out_of_reach = leader.is_some_and(|leader| !leader.may_signal);
                    if self.leader_is_out_of_reach && !members.iter().any(|member| member.may_signal) {
                        return LeaderEnd::LivesOn(members);
                    }
                    if let Phase::Stopping(_) = self.phase {
                        self.looks.repeat(&self.child);
                    }
                }
            }
        }
    }

    /// Keeps output flowing until an interrupt.
    async fn next_call(&mut self) -> Call {
        let Self { child, flow, sinks, stop, timer, phase, looks, .. } = self;
        let mut call = pin!(async {
            tokio::select! {
                biased;
                Ok(()) = stop.changed() => Call::Stop,
                () = timer.as_mut() => Call::Time,
                () = child.exited() => Call::Exit,
                members = looks.found() => Call::Found(members),
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
            Phase::Running => self.stop_gracefully(Cause::Timeout {
                ms: self.settings.timeout_ms,
                is_suspended: self.child.is_suspended(),
            }),
            Phase::Stopping(cause) => self.kill(cause),
            Phase::Killing(_) => return true,
        }
        false
    }

    fn stop_gracefully(&mut self, cause: Cause) {
        let signal = self.settings.kill_signal;
        if self.settings.kill_grace.is_zero() || signal.is_forced() {
            return self.kill(cause);
        }
        tracing::debug!(cause = cause.as_str(), "asked to stop");
        self.sinks.log_signal(signal.name, cause);
        self.child.signal_tree(TreeSignal::Graceful(signal));
        self.looks.begin(&self.child);
        self.phase = Phase::Stopping(cause);
        self.timer.as_mut().reset(Instant::now() + self.settings.kill_grace);
    }

    fn kill(&mut self, cause: Cause) {
        tracing::debug!(cause = cause.as_str(), "killed");
        self.sinks.log_signal("SIGKILL", cause);
        self.child.signal_tree(TreeSignal::Force);
        self.looks.kill(&self.child);
        self.phase = Phase::Killing(cause);
        self.timer.as_mut().reset(Instant::now() + UNKILLABLE_AFTER);
    }

    /// The leader has stopped; the others get the rest of the grace period, then everything is killed.
    /// Returns the survivors.
    async fn settle(&mut self) -> Vec<Member> {
        self.looks.begin(&self.child);
        while let Phase::Stopping(_) = self.phase {
            tokio::select! {
                biased;
                Ok(()) = self.stop.changed() => self.stop_requested(),
                () = &mut self.timer => { self.time_is_up(); }
                members = self.looks.found() => {
                    if !members.iter().any(|member| member.may_signal) {
                        break;
                    }
                    self.looks.repeat(&self.child);
                }
                () = self.flow.turn(self.sinks) => {}
            }
        }
        self.flow.withdraw();
        self.child.kill_all().await
    }
}
