//! [`LogService`]: one thread an engine does all writing of logs, so that no disk ever holds up the
//! runtime.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};

use execution_log::names::{part_name, spill_name};
use execution_log::{LogFooter, LogHeader};
use once_cell::sync::OnceCell;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::execution_log::{ExecutionLog, FinishedLog, LogMode, Shared};
use super::folder::Folder;
use super::formatter::{Block, Formatter, Records};
use super::part_file::{PartFile, Rotation};
use crate::config::ExecutionConfig;
use crate::event::OutputStream;
use crate::process;

/// What the writer thread is asked to do. Jobs of one execution are done in order.
pub(super) enum Job {
    Begin {
        id: Uuid,
        header: Box<LogHeader>,
        shared: Arc<Shared>,
    },
    /// What happened, for the log.
    Write {
        id: Uuid,
        block: Block,
        shared: Arc<Shared>,
    },
    /// Raw bytes for a stream's spill file.
    Spill {
        id: Uuid,
        stream: OutputStream,
        bytes: Arc<Vec<u8>>,
        shared: Arc<Shared>,
    },
    Finish {
        id: Uuid,
        footer: Box<LogFooter>,
        reply: oneshot::Sender<FinishedLog>,
    },
    /// The execution's task is gone without a finish.
    Abandon {
        id: Uuid,
    },
    /// Says when everything before it is done.
    Idle(oneshot::Sender<()>),
}

/// Opens logs. The thread starts with the first one and ends with the engine.
pub(crate) struct LogService {
    is_on: bool,
    configured: Option<PathBuf>,
    rotation: Rotation,
    folder: Arc<OnceLock<PathBuf>>,
    jobs: OnceCell<mpsc::Sender<Job>>,
}

impl LogService {
    pub(crate) fn new(config: &ExecutionConfig) -> Self {
        Self {
            is_on: config.logging,
            configured: config.log_dir.clone(),
            rotation: Rotation { max_bytes: config.max_log_size_bytes, max_parts: config.max_log_files },
            folder: Arc::default(),
            jobs: OnceCell::new(),
        }
    }

    /// Where logs go; `None` until the first one was begun.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.folder.get().cloned()
    }

    /// Opens the folder as the writer thread would, for looking around in it. Blocks.
    pub(crate) fn open_folder(&self) -> io::Result<Folder> {
        Folder::open(self.configured.as_deref())
    }

    /// `spills`: whether whole streams may have to be written to files of their own.
    pub(crate) fn open(&self, id: Uuid, spills: bool) -> ExecutionLog {
        match (self.is_on, spills) {
            (true, _) => ExecutionLog::new(id, LogMode::Full, self.jobs()),
            (false, true) => ExecutionLog::new(id, LogMode::SpillOnly, self.jobs()),
            (false, false) => ExecutionLog::default(),
        }
    }

    /// Resolves when everything handed over so far is written.
    pub(crate) async fn idle(&self) {
        let (reply, idle) = oneshot::channel();
        if self.jobs.get().is_some_and(|jobs| jobs.send(Job::Idle(reply)).is_ok()) {
            let _ = idle.await;
        }
    }

    fn jobs(&self) -> mpsc::Sender<Job> {
        let start = || {
            let (sender, receiver) = mpsc::channel();
            let writer = Writer {
                configured: self.configured.clone(),
                rotation: self.rotation,
                known_folder: Arc::clone(&self.folder),
                folder: None,
                open: HashMap::new(),
                records: Records::default(),
            };
            let thread = std::thread::Builder::new().name("execution-logs".to_owned());
            let run = move || {
                process::prepare_writer_thread();
                writer.run(&receiver);
            };
            thread.spawn(run).map(|_| sender)
        };
        match self.jobs.get_or_try_init(start) {
            Ok(jobs) => jobs.clone(),
            Err(error) => {
                // No receiver: this log says that its thread is gone, and the next one tries again.
                tracing::error!(%error, "no thread to write logs");
                mpsc::channel().0
            }
        }
    }
}

struct Writer {
    configured: Option<PathBuf>,
    rotation: Rotation,
    known_folder: Arc<OnceLock<PathBuf>>,
    folder: Option<Folder>,
    open: HashMap<Uuid, OpenLog>,
    /// Lent to every log in turn.
    records: Records,
}

#[derive(Default)]
struct OpenLog {
    log: Option<PartFile>,
    formatter: Formatter,
    spills: [Spill; 2],
    /// What `FinishedLog` will say.
    finished: FinishedLog,
    /// Bytes of records that could not be written.
    lost: u64,
}

/// The file with all of a stream.
#[derive(Default)]
enum Spill {
    #[default]
    None,
    Open(File),
    /// It ends where a write failed: a file with a hole would look whole.
    Failed,
}

impl Writer {
    fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Begin { id, header, shared } => {
                    self.begin(id, *header, &shared);
                    shared.began();
                }
                Job::Write { id, block, shared } => {
                    self.write(id, &block, &shared);
                    shared.wrote(block.size());
                }
                Job::Spill { id, stream, bytes, shared } => {
                    self.spill(id, stream, &bytes, &shared);
                    let size = bytes.len();
                    // Before the room is told of: the memory is free by then.
                    drop(bytes);
                    shared.wrote(size);
                }
                Job::Finish { id, footer, reply } => {
                    let _ = reply.send(self.finish(id, *footer));
                }
                Job::Abandon { id } => drop(self.open.remove(&id)),
                Job::Idle(reply) => drop(reply.send(())),
            }
        }
    }

    fn begin(&mut self, id: Uuid, header: LogHeader, shared: &Shared) {
        let mut created = self.create(header.clone(), shared);
        if created.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // The folder was removed since it was opened: a new one, once.
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
        let folder = self.folder()?;
        if let Some(notice) = &folder.notice {
            shared.report(notice.clone());
        }
        let log = PartFile::create(folder, header)?;
        Ok((log, folder.path.join(part_name(id, 1))))
    }

    fn write(&mut self, id: Uuid, block: &Block, shared: &Shared) {
        let rotation = self.rotation;
        let mut records = std::mem::take(&mut self.records);
        let mut entry = self.open.remove(&id).unwrap_or_default();
        let mut formatter = std::mem::take(&mut entry.formatter);
        formatter.format(block, &mut records, |records| {
            let written = self.folder().and_then(|folder| entry.append(folder, rotation, records));
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
        if let Err(error) = self.folder().and_then(|folder| entry.spill(folder, id, stream, bytes)) {
            entry.spills[stream as usize] = Spill::Failed;
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

    fn folder(&mut self) -> io::Result<&Folder> {
        if self.folder.is_none() {
            let folder = Folder::open(self.configured.as_deref())?;
            let _ = self.known_folder.set(folder.path.clone());
            self.folder = Some(folder);
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

    fn append(&mut self, folder: &Folder, rotation: Rotation, records: &Records) -> io::Result<()> {
        // After the first loss nothing more is written but the end: a log has no holes.
        let Some(log) = self.log.as_mut().filter(|_| self.lost == 0) else {
            self.lost += records.bytes.len() as u64;
            return Ok(());
        };
        log.append(folder, rotation, &records.bytes, records.counts)
    }

    fn spill(&mut self, folder: &Folder, id: Uuid, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        let spill = &mut self.spills[stream as usize];
        if matches!(spill, Spill::None) {
            let name = spill_name(id, stream);
            *spill = Spill::Open(folder.create(&name)?);
            let path = Some(folder.path.join(name));
            match stream {
                OutputStream::Stdout => self.finished.output_files.stdout = path,
                OutputStream::Stderr => self.finished.output_files.stderr = path,
            }
        }
        match spill {
            Spill::Open(file) => file.write_all(bytes),
            Spill::None | Spill::Failed => Ok(()),
        }
    }
}
