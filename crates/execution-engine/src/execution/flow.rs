//! [`Flow`]: carries output from the child's pipes to the sinks, one turn at a time.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use chrono::Utc;
use tokio::time::{Sleep, sleep};

use super::reservation::Reservation;
use super::sinks::Sinks;
use crate::event::OutputStream;
use crate::host_loop::{Pace, Reactor};
use crate::per_stream::{PerStream, STREAMS, other};
use crate::process::PipeReader;

/// The size limit of one read. Measured: 64 KiB reads are three times as fast as 4 KiB ones.
const READ_SIZE: usize = 64 * 1024;
/// Reads per turn, before timers and requests are checked again.
const READS_PER_TURN: usize = 8;
/// Reads that fit into what a handler reserves.
const READS_PER_RESERVATION: usize = 2;
/// How often an open log block is flushed.
const LOG_FLUSH_INTERVAL: Duration = Duration::from_millis(100);

thread_local! {
    /// One per thread, not per execution, so that many children that write a little each go through the same
    /// few cache lines.
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_SIZE].into_boxed_slice());
}

/// The two output pipes, read by one task: order of arrival is order of reading.
pub(crate) struct Flow {
    pipes: PerStream<Option<PipeReader>>,
    /// The host's event loop, if it takes part in reading.
    reactor: Option<Arc<Reactor>>,
    pace: Pace,
    over_limit: bool,
    /// Holds reading back while there is no capacity for what could be read.
    reservation: Reservation,
    /// Which stream is read first: one that is always full must not starve the other.
    first: OutputStream,
    /// When the open log block is flushed; `None` while it is empty.
    flush: Option<Pin<Box<Sleep>>>,
}

impl Flow {
    pub(crate) fn new(stdout: PipeReader, stderr: PipeReader, reactor: Option<Arc<Reactor>>) -> Self {
        Self {
            pipes: PerStream { stdout: Some(stdout), stderr: Some(stderr) },
            reactor,
            pace: Pace::new(),
            over_limit: false,
            reservation: Reservation::default(),
            first: OutputStream::Stdout,
            flush: None,
        }
    }

    /// Whether the child wrote more than the execution may.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.over_limit
    }

    /// Whether a stream has not ended yet.
    pub(crate) fn is_open(&self) -> bool {
        self.pipes.iter().any(Option::is_some)
    }

    /// Whether the pipes are empty now; the child may write on.
    pub(crate) fn is_empty(&self) -> bool {
        self.pipes.iter().flatten().all(PipeReader::is_empty)
    }

    /// One turn: reads, or waits for whatever blocks reading. Cancel-safe.
    pub(crate) async fn turn(&mut self, sinks: &mut Sinks) {
        self.choose_reader(sinks);
        let has_capacity = sinks.have_capacity();
        if !has_capacity || !sinks.delivery.reserves() {
            self.reservation.withdraw();
        }
        tokio::select! {
            biased;
            () = sinks.make_progress(has_capacity) => {}
            () = due(&mut self.flush) => {
                self.flush = None;
                sinks.flush_log();
            }
            () = self.reservation.granted() => self.read_some(self.first, sinks),
            stream = readable(self.first, &self.pipes),
                if has_capacity && !self.reservation.is_waiting() =>
            {
                if self.reservation.request(&sinks.delivery) {
                    self.read_some(stream, sinks);
                }
            }
        }
    }

    /// A few lines for a handler are read on the host's loop, everything else on the runtime.
    fn choose_reader(&mut self, sinks: &Sinks) {
        let Some(reactor) = &self.reactor else { return };
        let by_host = reactor.is_open() && self.pace.is_quiet() && sinks.delivery.wants_lines();
        for pipe in self.pipes.iter_mut().flatten() {
            match (pipe.is_in_host(), by_host) {
                (false, true) => pipe.enter(reactor),
                (true, false) => pipe.leave(),
                _ => {}
            }
        }
    }

    /// See [`Reservation::withdraw`].
    pub(crate) fn withdraw(&mut self) {
        self.reservation.withdraw();
    }

    /// Reads from `first` and the other stream alternately, until both are empty or the turn is over, and
    /// passes the output on.
    fn read_some(&mut self, first: OutputStream, sinks: &mut Sinks) {
        let second = other(first);
        self.first = second;
        for _ in 0..READS_PER_TURN {
            let mut read = self.read_once(first, sinks, PipeReader::try_read);
            if sinks.have_capacity() {
                read = read.max(self.read_once(second, sinks, PipeReader::try_read));
            }
            // A shorter read has emptied its pipe.
            if read < Some(READ_SIZE / 2) || !sinks.have_capacity() {
                break;
            }
        }
        sinks.delivery.offer();
        if self.flush.is_none() && sinks.log_needs_flush() {
            self.flush = Some(Box::pin(sleep(LOG_FLUSH_INTERVAL)));
        }
    }

    /// Reads at most what the pipes can have held when the child ended, piece by piece as the handler has
    /// capacity. Cancel-safe.
    pub(crate) async fn read_remainder(&mut self, sinks: &mut Sinks) {
        for stream in STREAMS {
            for _ in 0..self.rounds(stream).div_ceil(READS_PER_RESERVATION) {
                self.capacity_for(stream, sinks).await;
                let mut reads = 0..READS_PER_RESERVATION;
                let is_more = reads.all(|_| self.read_once(stream, sinks, PipeReader::read_now).is_some());
                sinks.delivery.offer();
                if !is_more {
                    break;
                }
            }
        }
    }

    /// Resolves when the pipe can be read and there is capacity for it. Its end needs none.
    async fn capacity_for(&mut self, stream: OutputStream, sinks: &mut Sinks) {
        if self.pipes[stream].as_ref().is_none_or(PipeReader::is_empty) {
            return self.withdraw();
        }
        if !self.reservation.is_waiting() {
            self.reservation.request(&sinks.delivery);
        }
        while self.reservation.is_waiting() {
            tokio::select! {
                () = self.reservation.granted() => {}
                () = sinks.make_progress(true) => {}
            }
        }
    }

    /// The same regardless of capacity.
    pub(crate) fn read_remainder_now(&mut self, sinks: &mut Sinks) {
        for stream in STREAMS {
            let mut rounds = 0..self.rounds(stream);
            while rounds.next().is_some() && self.read_once(stream, sinks, PipeReader::read_now).is_some() {}
        }
    }

    /// Reads needed to drain a pipe and reach its end.
    fn rounds(&self, stream: OutputStream) -> usize {
        self.pipes[stream].as_ref().map_or(0, |pipe| pipe.capacity().div_ceil(READ_SIZE) + 1)
    }

    /// One read, and how much it returned; `None` if there was nothing, or there will be nothing any more.
    fn read_once(
        &mut self,
        stream: OutputStream,
        sinks: &mut Sinks,
        read: fn(&PipeReader, &mut [u8]) -> io::Result<usize>,
    ) -> Option<usize> {
        let pipe = self.pipes[stream].as_ref()?;
        let read: io::Result<_> = READ_BUFFER.with_borrow_mut(|buffer| {
            let count = read(pipe, buffer)?;
            Ok((count, count == 0 || sinks.accept(stream, &buffer[..count], Utc::now())))
        });
        match read {
            Ok((0, _)) => self.end(stream, sinks),
            Ok((count, is_within)) => {
                tracing::trace!(?stream, bytes = count, "read");
                self.pace.read(count);
                self.over_limit |= !is_within;
                return Some(count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Some(0),
            Err(error) => {
                sinks.warn(format!("the child's {stream:?} could not be read further: {error}"));
                self.end(stream, sinks);
            }
        }
        None
    }

    /// Stops reading; a process left behind gets a broken pipe if it writes on.
    pub(crate) fn close(&mut self, sinks: &mut Sinks) {
        self.withdraw();
        for stream in STREAMS {
            self.end(stream, sinks);
        }
    }

    fn end(&mut self, stream: OutputStream, sinks: &mut Sinks) {
        if self.pipes[stream].take().is_some() {
            self.over_limit |= !sinks.end_of_stream(stream, Utc::now());
        }
    }
}

/// Resolves when a stream can be read, `first` if both can; never once both have ended.
async fn readable(first: OutputStream, pipes: &PerStream<Option<PipeReader>>) -> OutputStream {
    poll_fn(|context| {
        let mut is_ready = |stream: &OutputStream| {
            pipes[*stream].as_ref().is_some_and(|pipe| pipe.poll_readable(context).is_ready())
        };
        let ready = [first, other(first)].into_iter().find(|stream| is_ready(stream));
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Resolves when the timer ends; never without one.
async fn due(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.as_mut().await,
        None => std::future::pending().await,
    }
}
