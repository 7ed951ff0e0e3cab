//! Watches over one process from its start to its reaping.
//!
//! The order at the end matters: see the exit without reaping → settle what is left of the tree
//! while the zombie leader still holds the group id → drain the pipes to one deadline that is never
//! re-armed → reap. (Bazel's process-wrapper does it in this order, for the same reason: a group id
//! whose leader was reaped may belong to somebody else.)

use std::pin::Pin;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::handle::StopRequest;
use super::outcome::Cause;
use super::sinks::Sinks;
use crate::event::OutputStream;
use crate::process::{ExecutionChild, Exit, PipeReader, Scope, TreeSignal};
use crate::result::LeftoverProcess;

/// How much one read takes at most. Measured: 64 KiB reads are three times as fast as 4 KiB ones.
const READ_SIZE: usize = 64 * 1024;
/// Reads of one turn, before timers and requests are looked at again.
const READS_PER_TURN: usize = 8;
/// How long output is awaited after the exit, when somebody else still holds the pipe.
const LEAK_TIMEOUT: Duration = Duration::from_millis(200);
/// How often an open log is handed over.
const LOG_FLUSH_INTERVAL: Duration = Duration::from_millis(100);
/// How long a forced end may take before the process is reported as left behind: one stuck in the
/// kernel (a dead network file system) takes no signal at all.
const UNKILLABLE_AFTER: Duration = Duration::from_secs(10);
const FAR_AWAY: Duration = Duration::from_hours(24 * 365);

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

/// Times in force for one execution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) started: Instant,
    pub(crate) timeout_ms: u64,
    pub(crate) kill_grace: Duration,
    pub(crate) output_limit: u64,
}

/// What the process is being asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Asked politely; the timer ends the grace period.
    Stopping(Cause),
    /// Killed; the timer gives up.
    Killing(Cause),
}

pub(crate) struct Supervisor<'a> {
    child: ExecutionChild,
    pipes: Pipes,
    sinks: &'a mut Sinks,
    stop: watch::Receiver<StopRequest>,
    patience: Patience,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
    flush: Pin<Box<Sleep>>,
}

impl<'a> Supervisor<'a> {
    pub(crate) fn new(
        child: ExecutionChild,
        stdout: PipeReader,
        stderr: PipeReader,
        sinks: &'a mut Sinks,
        stop: watch::Receiver<StopRequest>,
        patience: Patience,
    ) -> Self {
        let timeout_at = patience.started + Duration::from_millis(patience.timeout_ms);
        Self {
            child,
            pipes: Pipes::new(stdout, stderr),
            sinks,
            stop,
            patience,
            phase: Phase::Running,
            timer: Box::pin(sleep_until(timeout_at)),
            flush: Box::pin(sleep_until(Instant::now() + FAR_AWAY)),
        }
    }

    /// From the start to the reaping.
    pub(crate) async fn run(mut self) -> Ended {
        // Asked to stop while it was being started.
        self.stop_requested();
        let exited = self.until_exit().await;
        let at = Instant::now();
        let mut leftovers = match self.phase {
            Phase::Running => Vec::new(),
            Phase::Stopping(_) => self.settle_politely().await,
            Phase::Killing(_) => self.child.kill_all().await,
        };
        // One deadline, counted from when the tree was settled: that alone may take the grace period.
        let complete = self.drain(Instant::now() + LEAK_TIMEOUT).await;
        let cause = match self.phase {
            Phase::Stopping(cause) | Phase::Killing(cause) => Some(cause),
            // The limit was passed by what was still in the pipe at the exit.
            Phase::Running if self.pipes.over_limit => {
                leftovers = self.child.kill_all().await;
                Some(Cause::OutputLimit(self.patience.output_limit))
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
            tokio::select! {
                // In this order: endless output must starve neither a request nor a timer.
                biased;
                Ok(()) = self.stop.changed() => self.stop_requested(),
                () = &mut self.timer => {
                    if self.time_is_up() { return false }
                }
                () = self.child.exited() => return true,
                () = turn(&mut self.pipes, self.sinks, &mut self.flush) => self.check_limit(),
            }
        }
    }

    fn stop_requested(&mut self) {
        let urgency = *self.stop.borrow_and_update();
        match (self.phase, urgency) {
            // Asked politely already, for another reason perhaps: the grace period goes on.
            (_, StopRequest::None) | (Phase::Killing(_), _) | (Phase::Stopping(_), StopRequest::Polite) => {}
            (Phase::Running, StopRequest::Polite) => self.stop_politely(Cause::Cancelled),
            (Phase::Running, StopRequest::Force) => self.kill(Cause::Cancelled),
            (Phase::Stopping(cause), StopRequest::Force) => self.kill(cause),
        }
    }

    /// True when everything was tried.
    fn time_is_up(&mut self) -> bool {
        match self.phase {
            Phase::Running => self.stop_politely(Cause::Timeout(self.patience.timeout_ms)),
            Phase::Stopping(cause) => self.kill(cause),
            Phase::Killing(_) => return true,
        }
        false
    }

    fn check_limit(&mut self) {
        if self.pipes.over_limit && self.phase == Phase::Running {
            self.stop_politely(Cause::OutputLimit(self.patience.output_limit));
        }
    }

    fn stop_politely(&mut self, cause: Cause) {
        if self.patience.kill_grace.is_zero() {
            return self.kill(cause);
        }
        self.sinks.log_signal("SIGTERM", cause);
        self.child.signal_tree(TreeSignal::Polite);
        self.phase = Phase::Stopping(cause);
        self.timer.as_mut().reset(Instant::now() + self.patience.kill_grace);
    }

    fn kill(&mut self, cause: Cause) {
        self.sinks.log_signal("SIGKILL", cause);
        self.child.signal_tree(TreeSignal::Force);
        self.phase = Phase::Killing(cause);
        self.timer.as_mut().reset(Instant::now() + UNKILLABLE_AFTER);
    }

    /// The leader obeyed; its children get the rest of the grace period, then everything goes.
    async fn settle_politely(&mut self) -> Vec<LeftoverProcess> {
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
                    () = turn(&mut self.pipes, self.sinks, &mut self.flush) => {}
                }
            }
        }
        self.child.kill_all().await
    }

    /// Reads what is left. True when both streams came to their end.
    ///
    /// What the pipes held at the exit is read whether or not the sinks have room: the child wrote
    /// it, and it is bounded by the pipes' capacity. Beyond that only a process left behind writes.
    async fn drain(&mut self, deadline: Instant) -> bool {
        self.pipes.read_remainder(self.sinks);
        while self.pipes.any_open() {
            tokio::select! {
                biased;
                () = sleep_until(deadline) => break,
                () = turn(&mut self.pipes, self.sinks, &mut self.flush) => {}
            }
        }
        let complete = !self.pipes.any_open();
        self.pipes.close(self.sinks);
        complete
    }
}

/// One turn of the flow from the pipes to the sinks: reads, or waits for what stands in the way.
async fn turn(pipes: &mut Pipes, sinks: &mut Sinks, flush: &mut Pin<Box<Sleep>>) {
    let room = sinks.have_room();
    tokio::select! {
        () = sinks.make_progress(room) => {}
        () = flush.as_mut() => {
            sinks.flush_log();
            flush.as_mut().reset(Instant::now() + FAR_AWAY);
        }
        stream = pipes.readable(), if room => {
            pipes.read_some(stream, sinks);
            if sinks.log_needs_flush() && flush.deadline() > Instant::now() + LOG_FLUSH_INTERVAL {
                flush.as_mut().reset(Instant::now() + LOG_FLUSH_INTERVAL);
            }
        }
    }
}

/// The two output pipes, read by one task: their order of arrival is the order of reading.
struct Pipes {
    stdout: Option<PipeReader>,
    stderr: Option<PipeReader>,
    buffer: Box<[u8]>,
    over_limit: bool,
}

impl Pipes {
    fn new(stdout: PipeReader, stderr: PipeReader) -> Self {
        let buffer = vec![0; READ_SIZE].into_boxed_slice();
        Self { stdout: Some(stdout), stderr: Some(stderr), buffer, over_limit: false }
    }

    fn any_open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// Resolves when a stream can be read; never once both have ended.
    async fn readable(&self) -> OutputStream {
        // An error here shows again, with its reason, at the read.
        let ready = async |pipe: &Option<PipeReader>| match pipe {
            Some(pipe) => drop(pipe.readable().await),
            None => std::future::pending().await,
        };
        tokio::select! {
            () = ready(&self.stdout) => OutputStream::Stdout,
            () = ready(&self.stderr) => OutputStream::Stderr,
        }
    }

    /// Reads `first`, then the other stream, in turns until both are empty or the turn is over.
    fn read_some(&mut self, first: OutputStream, sinks: &mut Sinks) {
        let second = match first {
            OutputStream::Stdout => OutputStream::Stderr,
            OutputStream::Stderr => OutputStream::Stdout,
        };
        for _ in 0..READS_PER_TURN {
            let mut more = self.read_once(first, sinks, PipeReader::try_read);
            if sinks.have_room() {
                more |= self.read_once(second, sinks, PipeReader::try_read);
            }
            if !more || !sinks.have_room() {
                break;
            }
        }
    }

    /// Reads, without regard to room, as much as the pipes can have held when the child ended.
    fn read_remainder(&mut self, sinks: &mut Sinks) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let pipe = match stream {
                OutputStream::Stdout => &self.stdout,
                OutputStream::Stderr => &self.stderr,
            };
            let mut rounds = pipe.as_ref().map_or(0, |pipe| pipe.capacity().div_ceil(READ_SIZE) + 1);
            while rounds > 0 && self.read_once(stream, sinks, PipeReader::read_now) {
                rounds -= 1;
            }
        }
    }

    /// One read. True when there may be more.
    fn read_once(
        &mut self,
        stream: OutputStream,
        sinks: &mut Sinks,
        read: fn(&PipeReader, &mut [u8]) -> std::io::Result<usize>,
    ) -> bool {
        let slot = match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        let Some(pipe) = slot else { return false };
        match read(pipe, &mut self.buffer) {
            Ok(0) => {
                *slot = None;
                self.over_limit |= !sinks.end_of_stream(stream, Utc::now());
                false
            }
            Ok(count) => {
                if !sinks.accept(stream, &self.buffer[..count], Utc::now()) {
                    self.over_limit = true;
                }
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => false,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => true,
            Err(error) => {
                *slot = None;
                sinks.warn(format!("the child's {stream:?} could not be read further: {error}"));
                self.over_limit |= !sinks.end_of_stream(stream, Utc::now());
                false
            }
        }
    }

    /// Stops reading; a process left behind gets a broken pipe if it writes on.
    fn close(&mut self, sinks: &mut Sinks) {
        for (stream, slot) in
            [(OutputStream::Stdout, &mut self.stdout), (OutputStream::Stderr, &mut self.stderr)]
        {
            if slot.take().is_some() {
                self.over_limit |= !sinks.end_of_stream(stream, Utc::now());
            }
        }
    }
}
