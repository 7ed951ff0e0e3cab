//! [`Flow`]: output on its way from the child's pipes to the sinks, a turn at a time.

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

/// How much one read takes at most. Measured: 64 KiB reads are three times as fast as 4 KiB ones.
const READ_SIZE: usize = 64 * 1024;
/// Reads of one turn, before timers and requests are looked at again.
const READS_PER_TURN: usize = 8;
/// Reads that fit into the room which a handler sets aside.
const READS_PER_RESERVATION: usize = 2;
/// How often an open log block is flushed.
const LOG_FLUSH_INTERVAL: Duration = Duration::from_millis(100);

thread_local! {
    /// One per thread, not per execution: what many children write little by little goes through the same few
    /// cache lines.
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_SIZE].into_boxed_slice());
}

/// The two output pipes, read by one task: their order of arrival is the order of reading.
pub(crate) struct Flow {
    pipes: PerStream<Option<PipeReader>>,
    /// Where a host's event loop reads, too.
    reactor: Option<Arc<Reactor>>,
    pace: Pace,
    over_limit: bool,
    /// Waits where there is something to read, and nowhere to go with it yet.
    reservation: Reservation,
    /// Which stream is looked at first: one that is always full must not keep the other from being read.
    first: OutputStream,
    /// When the open log block is flushed; nothing while it is empty.
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

    /// Whether more was written than the execution may write.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.over_limit
    }

    /// Whether a stream has not come to its end yet.
    pub(crate) fn is_open(&self) -> bool {
        self.pipes.iter().any(Option::is_some)
    }

    /// One turn: reads, or waits for what stands in the way. Cancel-safe.
    pub(crate) async fn turn(&mut self, sinks: &mut Sinks) {
        self.choose_reader(sinks);
        let room = sinks.have_room();
        if !room || !sinks.delivery.reserves() {
            self.reservation.withdraw();
        }
        tokio::select! {
            biased;
            () = sinks.make_progress(room) => {}
            () = due(&mut self.flush) => {
                self.flush = None;
                sinks.flush_log();
            }
            () = self.reservation.granted() => self.read_some(self.first, sinks),
            stream = readable(self.first, &self.pipes),
                if room && !self.reservation.is_waiting() =>
            {
                if self.reservation.request(&sinks.delivery) {
                    self.read_some(stream, sinks);
                }
            }
        }
    }

    /// A few lines that a handler wants are read where the host's loop is, all else in the runtime.
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

    /// Reads `first`, then the other stream, in turns until both are empty or the turn is over, and hands on
    /// what came.
    fn read_some(&mut self, first: OutputStream, sinks: &mut Sinks) {
        let second = other(first);
        self.first = second;
        for _ in 0..READS_PER_TURN {
            let mut read = self.read_once(first, sinks, PipeReader::try_read);
            if sinks.have_room() {
                read = read.max(self.read_once(second, sinks, PipeReader::try_read));
            }
            // A read of less has emptied its pipe.
            if read < Some(READ_SIZE / 2) || !sinks.have_room() {
                break;
            }
        }
        sinks.delivery.offer();
        if self.flush.is_none() && sinks.log_needs_flush() {
            self.flush = Some(Box::pin(sleep(LOG_FLUSH_INTERVAL)));
        }
    }

    /// Reads as much as the pipes can have held when the child ended, a piece whenever the handler has room
    /// for it. Cancel-safe.
    pub(crate) async fn read_remainder(&mut self, sinks: &mut Sinks) {
        for stream in STREAMS {
            for _ in 0..self.rounds(stream).div_ceil(READS_PER_RESERVATION) {
                self.room_for(stream, sinks).await;
                let mut reads = 0..READS_PER_RESERVATION;
                let is_more = reads.all(|_| self.read_once(stream, sinks, PipeReader::read_now).is_some());
                sinks.delivery.offer();
                if !is_more {
                    break;
                }
            }
        }
    }

    /// Resolves when what a pipe holds has somewhere to go. Its end needs no room.
    async fn room_for(&mut self, stream: OutputStream, sinks: &mut Sinks) {
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

    /// The same without regard to room.
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

    /// One read, and how much there was; `None` where there was nothing, or nothing will come any more.
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

/// Resolves when the timer ends; never where there is none.
async fn due(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.as_mut().await,
        None => std::future::pending().await,
    }
}
