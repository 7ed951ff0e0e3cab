//! [`Writer`]: the thread that writes the logs of an engine.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};

use execution_log::names::part_name;
use execution_log::{LogFolder, LogFooter, LogHeader, LogLocation, OutputStream};
use uuid::Uuid;

use super::folder;
use super::formatter::{Block, Formatter, Records};
use super::job::{FinishedLog, Job, Shared, Unwritten};
use super::part_file::{PartFile, Rotation};
use super::spill::{LoneSpills, Spill};
use crate::per_stream::PerStream;

pub(super) struct Writer {
    location: LogLocation,
    rotation: Rotation,
    /// Publishes where logs go.
    known_folder: Arc<OnceLock<PathBuf>>,
    lone_spills: Arc<LoneSpills>,
    folder: Option<OpenFolder>,
    open: HashMap<Uuid, OpenLog>,
    /// Lent to every log in turn.
    records: Records,
}

struct OpenFolder {
    folder: LogFolder,
    /// Why it is not the expected one.
    notice: Option<String>,
}

#[derive(Default)]
struct OpenLog {
    log: Option<PartFile>,
    formatter: Formatter,
    spills: PerStream<Spill>,
    /// What `FinishedLog` will report.
    finished: FinishedLog,
    /// Bytes of records that could not be written.
    lost: u64,
}

impl Writer {
    pub(super) fn new(
        location: LogLocation,
        known_folder: Arc<OnceLock<PathBuf>>,
        lone_spills: Arc<LoneSpills>,
        rotation: Rotation,
    ) -> Self {
        Self {
            location,
            rotation,
            known_folder,
            lone_spills,
            folder: None,
            open: HashMap::new(),
            records: Records::default(),
        }
    }

    /// Runs until the engine is gone. A job that panics costs the rest of its own log, and does not affect
    /// other logs.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Begin { id, header, unwritten } => {
                    self.guarded(id, &unwritten, |writer, shared| writer.begin(id, *header, shared));
                }
                Job::Write { id, block, unwritten } => {
                    self.guarded(id, &unwritten, |writer, shared| writer.write(id, &block, shared));
                }
                Job::Spill { id, stream, bytes, unwritten } => {
                    self.guarded(id, &unwritten, |writer, shared| writer.spill(id, stream, &bytes, shared));
                    // Freed before they stop counting.
                    drop(bytes);
                }
                Job::Finish { id, footer, reply } => {
                    let finished = catch_unwind(AssertUnwindSafe(|| self.finish(id, *footer)));
                    // Without a reply, the log reports that its thread is gone.
                    let _ = finished.map(|finished| reply.send(finished));
                }
                Job::Abandon { id } => drop(self.open.remove(&id)),
                Job::Idle(reply) => drop(reply.send(())),
                #[cfg(test)]
                Job::Panic { id, unwritten } => self.guarded(id, &unwritten, |_, _| panic!("in a test")),
            }
        }
    }

    fn guarded(&mut self, id: Uuid, unwritten: &Unwritten, job: impl FnOnce(&mut Self, &Shared)) {
        let shared = &unwritten.shared;
        if catch_unwind(AssertUnwindSafe(|| job(self, shared))).is_err() {
            let mut entry = OpenLog { finished: FinishedLog::default(), ..OpenLog::default() };
            entry.finished.path = shared.path();
            entry.fail(
                "the log ends early: writing it panicked, a bug in the engine, please report it",
                shared,
            );
            self.open.insert(id, entry);
        }
    }

    fn begin(&mut self, id: Uuid, header: LogHeader, shared: &Shared) {
        let mut created = self.create(header.clone(), shared);
        if created.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // The folder was removed since it was opened: creates a new one, once.
            self.folder = None;
            created = self.create(header, shared);
        }
        let entry = self.open.entry(id).or_default();
        match created {
            Ok((log, path)) => {
                entry.log = Some(log);
                shared.set_path(path.clone());
                entry.finished.path = Some(path);
            }
            Err(error) => entry.fail(&format!("there is no log: {error}"), shared),
        }
    }

    fn create(&mut self, header: LogHeader, shared: &Shared) -> io::Result<(PartFile, PathBuf)> {
        let id = header.id;
        let OpenFolder { folder, notice } = self.folder()?;
        if let Some(notice) = notice {
            shared.report(notice.clone());
        }
        let log = PartFile::create(folder, header)?;
        Ok((log, folder.path().join(part_name(id, 1))))
    }

    fn write(&mut self, id: Uuid, block: &Block, shared: &Shared) {
        let rotation = self.rotation;
        let mut records = std::mem::take(&mut self.records);
        let mut entry = self.open.remove(&id).unwrap_or_default();
        let mut formatter = std::mem::take(&mut entry.formatter);
        formatter.format(block, &mut records, |records| {
            let written = self.folder().and_then(|open| entry.append(&open.folder, rotation, records));
            if let Err(error) = written {
                entry.lost += records.bytes.len() as u64;
                entry.fail(&format!("the log ends early: {error}"), shared);
            }
        });
        entry.formatter = formatter;
        self.open.insert(id, entry);
        self.records = records;
    }

    fn spill(&mut self, id: Uuid, stream: OutputStream, bytes: &[u8], shared: &Shared) {
        let mut entry = self.open.remove(&id).unwrap_or_default();
        if entry.log.is_none() {
            self.lone_spills.add(id);
        }
        let OpenLog { spills, finished, .. } = &mut entry;
        let written = self.folder().and_then(|open| {
            let files = &mut finished.output_files;
            spills[stream].write(&open.folder, (id, stream), bytes, files)
        });
        if let Err(error) = written {
            entry.spills[stream] = Spill::Failed;
            entry.fail(&format!("output is not in its file from here on: {error}"), shared);
        }
        self.open.insert(id, entry);
    }

    fn finish(&mut self, id: Uuid, footer: LogFooter) -> FinishedLog {
        let mut entry = self.open.remove(&id).unwrap_or_default();
        if let Some(log) = entry.log.take()
            && let Err(error) = log.end(footer, entry.lost)
        {
            entry.finished.error.get_or_insert(format!("the log has no end: {error}"));
        }
        entry.finished
    }

    fn folder(&mut self) -> io::Result<&OpenFolder> {
        if self.folder.is_none() {
            let (folder, notice) = folder::open_or_make(&self.location)?;
            let _ = self.known_folder.set(folder.path().to_owned());
            self.folder = Some(OpenFolder { folder, notice });
        }
        self.folder.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl OpenLog {
    fn fail(&mut self, trouble: &str, shared: &Shared) {
        if self.finished.error.is_none() {
            self.finished.error = Some(trouble.to_owned());
            shared.report(trouble.to_owned());
        }
    }

    fn append(&mut self, folder: &LogFolder, rotation: Rotation, records: &Records) -> io::Result<()> {
        // After the first loss, only the footer is written: a log has no gaps.
        let Some(log) = self.log.as_mut().filter(|_| self.lost == 0) else {
            self.lost += records.bytes.len() as u64;
            return Ok(());
        };
        log.append(folder, rotation, &records.bytes, records.counts)
    }
}
