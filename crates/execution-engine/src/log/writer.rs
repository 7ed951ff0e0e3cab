//! [`Writer`]: the thread that writes the logs of an engine.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};

use execution_log::names::spill_name;
use execution_log::{LogFolder, LogFooter, LogHeader, LogLocation, OutputStream};
use uuid::Uuid;

use super::formatter::{Block, Formatter, Records};
use super::free_space::FreeSpace;
use super::header_bounds;
use super::identity::{FileIdentity, moved};
use super::job::{FinishedLog, Job, Shared, StoredFile, Unwritten};
use super::part_file::{PartFile, Rotation};
use super::spill::{LoneSpills, Spill};
use crate::per_stream::{PerStream, STREAMS};

pub(super) struct Writer {
    location: LogLocation,
    rotation: Rotation,
    max_spill_bytes: u64,
    free_space: FreeSpace,
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
    identity: Option<FileIdentity>,
    /// What its user should know about it, until it was said.
    notice: Option<String>,
}

#[derive(Default)]
struct OpenLog {
    log: Option<PartFile>,
    path: Option<PathBuf>,
    formatter: Formatter,
    spills: PerStream<Spill>,
    /// Why the log is missing or partial.
    trouble: Option<String>,
    /// Bytes of records that could not be written.
    lost: u64,
}

impl Writer {
    pub(super) fn new(
        location: LogLocation,
        known_folder: Arc<OnceLock<PathBuf>>,
        lone_spills: Arc<LoneSpills>,
        rotation: Rotation,
        max_spill_bytes: u64,
    ) -> Self {
        Self {
            location,
            rotation,
            max_spill_bytes,
            free_space: FreeSpace::new(rotation.min_free),
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
                    if let Ok(finished) = finished {
                        let _ = reply.send(finished);
                    }
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
            let path = shared.path().cloned().flatten();
            let mut entry = OpenLog { path, ..OpenLog::default() };
            entry.fail(
                "the log ends early: writing it panicked, a bug in the engine, please report it".to_owned(),
                shared,
            );
            self.open.insert(id, entry);
        }
    }

    fn begin(&mut self, id: Uuid, mut header: LogHeader, shared: &Shared) {
        header_bounds::bound(&mut header);
        let created = self.create(header, shared);
        let entry = self.open.entry(id).or_default();
        entry.path = created.as_ref().ok().map(|log| log.path(1));
        shared.set_path(entry.path.clone());
        match created {
            Ok(log) => entry.log = Some(log),
            Err(trouble) => entry.fail(format!("there is no log: {trouble}"), shared),
        }
    }

    fn create(&mut self, header: LogHeader, shared: &Shared) -> Result<PartFile, String> {
        let OpenFolder { folder, notice, .. } = self.folder()?;
        if let Some(notice) = notice.take() {
            shared.report(notice);
        }
        PartFile::create(folder, header).map_err(|error| not_created(&error))
    }

    fn write(&mut self, id: Uuid, block: &Block, shared: &Shared) {
        let rotation = self.rotation;
        let mut records = std::mem::take(&mut self.records);
        let mut entry = self.open.remove(&id).unwrap_or_default();
        let mut formatter = std::mem::take(&mut entry.formatter);
        formatter.format(block, &mut records, |records| {
            if let Err(error) = entry.append(rotation, records) {
                entry.lost += records.bytes.len() as u64;
                entry.fail(format!("the log ends early: {}", not_created(&error)), shared);
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
        let create = || {
            let (name, OpenFolder { folder, .. }) = (spill_name(id, stream), self.folder()?);
            let file = folder.user_folder().create(&name).map_err(|error| not_created(&error))?;
            Ok((file, folder.path().join(name)))
        };
        let written = entry.spills[stream]
            .open(create)
            .and_then(|file| file.append(bytes, self.max_spill_bytes, &mut self.free_space));
        if let Err(trouble) = written {
            shared.end_spill(stream);
            if entry.spills[stream].fail(&trouble) {
                shared.report(trouble);
            }
        }
        self.open.insert(id, entry);
    }

    fn finish(&mut self, id: Uuid, footer: LogFooter) -> FinishedLog {
        self.open.remove(&id).unwrap_or_default().end(footer)
    }

    /// The folder, opened again if its path names another one by now, or none.
    fn folder(&mut self) -> Result<&mut OpenFolder, String> {
        if self.folder.as_ref().is_some_and(|open| !open.is_in_place()) {
            self.folder = None;
        }
        if self.folder.is_none() {
            let (folder, notice) = self.location.open_or_create().map_err(|error| error.to_string())?;
            let _ = self.known_folder.set(folder.path().to_owned());
            self.folder = Some(OpenFolder { identity: FileIdentity::of(&folder).ok(), folder, notice });
        }
        self.folder.as_mut().ok_or_else(String::new)
    }
}

/// Why a file could not be created or written, and what to do.
fn not_created(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{error}: it belongs to another execution or another program; give every execution an id of its own, \
             or move the file away"
        ),
        _ => error.to_string(),
    }
}

impl OpenFolder {
    fn is_in_place(&self) -> bool {
        self.identity.is_none_or(|identity| identity.is_folder_at(self.folder.path()))
    }
}

impl OpenLog {
    /// Keeps the first trouble with the log.
    fn fail(&mut self, trouble: String, shared: &Shared) {
        if self.trouble.is_none() {
            shared.report(trouble.clone());
            self.trouble = Some(trouble);
        }
    }

    fn append(&mut self, rotation: Rotation, records: &Records) -> io::Result<()> {
        // After the first loss, only the footer is written: a log has no gaps.
        let Some(log) = self.log.as_mut().filter(|_| self.lost == 0) else {
            self.lost += records.bytes.len() as u64;
            return Ok(());
        };
        log.append(rotation, &records.bytes, records.counts)
    }

    /// Writes the footer, and looks where all files are.
    fn end(mut self, footer: LogFooter) -> FinishedLog {
        let mut finished = FinishedLog::default();
        let mut troubles: Vec<_> = self.trouble.iter().cloned().collect();
        if let Some(log) = self.log.take() {
            let ended = log.end(footer, self.lost);
            let is_moved = !ended.missing.is_empty();
            let is_whole = ended.is_whole && !is_moved && troubles.is_empty();
            self.path = self.path.filter(|_| ended.is_in_place);
            finished.log = self.path.take().map(|path| StoredFile { path, is_whole });
            if troubles.is_empty() {
                let has_no_end = ended.error.map(|error| format!("the log has no end: {error}"));
                troubles.extend(has_no_end.or_else(|| is_moved.then(|| moved(&ended.missing))));
                finished.warnings.clone_from(&troubles);
            }
        }
        // One that panicked is where it was.
        finished.log = finished.log.or(self.path.map(|path| StoredFile { path, is_whole: false }));
        for stream in STREAMS {
            let spill = std::mem::take(&mut self.spills[stream]);
            let is_reported = spill.has_trouble();
            let (file, trouble) = spill.end();
            finished.streams[stream] = file;
            finished.warnings.extend(trouble.clone().filter(|_| !is_reported));
            troubles.extend(trouble);
        }
        finished.error = (!troubles.is_empty()).then(|| troubles.join("; "));
        finished
    }
}
