//! One immortal thread starts every process.
//!
//! * It serialises making pipes and starting, so that where a pipe cannot be made close-on-exec in
//!   one step (macOS), no sibling of ours inherits a write end.
//! * Its signal mask is empty; children inherit the mask of the thread that starts them.
//! * It outlives every runtime, and keeps the 0.1 ms in which the kernel suspends the starting
//!   thread (vfork semantics) away from runtime and JavaScript threads.
//!
//! The program is an absolute path, there is no `pre_exec`, no user or group change: so the standard
//! library takes its `posix_spawn` path, whose cost does not grow with the host's memory.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use super::child::ExecutionChild;
use super::failure::{SpawnFailure, is_exhaustion};
use super::{guard, sys};
use crate::error::FailureCode;

/// Our end of the child's standard input.
pub(crate) type PipeWriter = pipe::Sender;

/// A program ready to be started.
#[derive(Debug)]
pub(crate) struct SpawnSpec {
    /// Absolute.
    pub(crate) program: PathBuf,
    /// What the child sees as its own name; the program's path where none is given.
    pub(crate) arg0: Option<OsString>,
    pub(crate) args: Vec<OsString>,
    /// The child's whole environment, [`EXECUTION_ID_VAR`](super::EXECUTION_ID_VAR) included.
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) working_dir: Option<PathBuf>,
    pub(crate) stdin: StdinMode,
}

/// What the child gets as its standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StdinMode {
    Null,
    Pipe,
}

/// A started process and our ends of its pipes.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) child: ExecutionChild,
    pub(crate) stdin: Option<PipeWriter>,
    pub(crate) stdout: PipeReader,
    pub(crate) stderr: PipeReader,
}

/// Our end of one of the child's outputs.
#[derive(Debug)]
pub(crate) struct PipeReader(pipe::Receiver);

impl PipeReader {
    /// Resolves when a read would not block.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Reads what is there; `WouldBlock` when nothing is, 0 at the end.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }

    /// How much the kernel holds at most.
    pub(crate) fn capacity(&self) -> usize {
        #[cfg(target_os = "linux")]
        if let Ok(size) = rustix::pipe::fcntl_getpipe_size(&self.0) {
            return size;
        }
        64 * 1024
    }
}

/// Runs `prepare` on the spawner thread, where looking at the file system is no harm, and starts
/// what it returns.
pub(crate) async fn spawn<F>(prepare: F) -> Result<Spawned, SpawnFailure>
where
    F: FnOnce() -> Result<SpawnSpec, SpawnFailure> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let start = move || {
        // An execution that was given up meanwhile drops the answer, and with it the process.
        let _ = reply.send(prepare().and_then(|spec| start(&spec)));
    };
    submit(Box::new(start))?;
    let raw = answer
        .await
        .map_err(|_| SpawnFailure::new(FailureCode::Internal, "the spawner thread is gone"))??;
    raw.register()
}

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: OnceCell<mpsc::Sender<Job>> = OnceCell::new();

fn submit(job: Job) -> Result<(), SpawnFailure> {
    let spawner = SPAWNER.get_or_try_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new().name("execution-spawner".to_owned());
        // Where there is no room for a thread now, the next execution tries again.
        thread
            .spawn(move || run(&jobs))
            .map_err(|error| SpawnFailure::exhausted("the thread that starts processes", &error))?;
        Ok(sender)
    })?;
    spawner.send(job).map_err(|_| SpawnFailure::new(FailureCode::Internal, "the spawner thread is gone"))
}

fn run(jobs: &mpsc::Receiver<Job>) {
    sys::clear_signal_mask();
    for job in jobs {
        // A panic in one preparation must not end the thread that all others need.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("starting a process panicked");
        }
    }
}

/// A process that no runtime knows of yet. Dropping it stops it.
struct Raw {
    child: ExecutionChild,
    stdin: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Raw {
    /// Registers with the runtime. The child is owned before anything here can fail.
    fn register(mut self) -> Result<Spawned, SpawnFailure> {
        let failed = |error: io::Error| SpawnFailure::exhausted("registering its pipes", &error);
        self.child.watch();
        Ok(Spawned {
            stdin: self.stdin.map(pipe::Sender::from_owned_fd).transpose().map_err(failed)?,
            stdout: PipeReader(pipe::Receiver::from_owned_fd(self.stdout).map_err(failed)?),
            stderr: PipeReader(pipe::Receiver::from_owned_fd(self.stderr).map_err(failed)?),
            child: self.child,
        })
    }
}

/// Pauses between tries. Short, because others wait behind this one.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
const EXHAUSTED_PAUSES: [Duration; 3] =
    [Duration::from_millis(5), Duration::from_millis(20), Duration::from_millis(50)];

fn start(spec: &SpawnSpec) -> Result<Raw, SpawnFailure> {
    let mut busy_tries = 10;
    let mut pauses = EXHAUSTED_PAUSES.iter();
    loop {
        match start_once(spec) {
            Ok(raw) => return Ok(raw),
            // A freshly written script may still be open for writing in a sibling that was forked
            // meanwhile (rust-lang/rust#114554, golang/go#22315).
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && busy_tries > 0 => {
                busy_tries -= 1;
                std::thread::sleep(BUSY_PAUSE);
            }
            Err(error) if is_exhaustion(&error) => match pauses.next() {
                Some(pause) => std::thread::sleep(*pause),
                None => return Err(SpawnFailure::exhausted(&spec.program.display().to_string(), &error)),
            },
            Err(error) => return Err(SpawnFailure::diagnose(spec, &error)),
        }
    }
}

fn start_once(spec: &SpawnSpec) -> io::Result<Raw> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
    // A group of its own: the leader's pid names the group, and the tree can be signalled as one.
    command.process_group(0);
    if let Some(arg0) = &spec.arg0 {
        command.arg0(arg0);
    }
    if let Some(dir) = &spec.working_dir {
        command.current_dir(dir);
    }
    let (stdout, child_stdout) = io::pipe()?;
    let (stderr, child_stderr) = io::pipe()?;
    command.stdout(child_stdout).stderr(child_stderr);
    let stdin = match spec.stdin {
        StdinMode::Null => {
            command.stdin(Stdio::null());
            None
        }
        StdinMode::Pipe => {
            let (child_stdin, stdin) = io::pipe()?;
            command.stdin(child_stdin);
            Some(OwnedFd::from(stdin))
        }
    };
    let child = ExecutionChild::new(command.spawn()?.id(), &spec.env);
    guard::watch_over(child.pid());
    // `command` is dropped here, and with it our copies of the child's ends.
    Ok(Raw { child, stdin, stdout: stdout.into(), stderr: stderr.into() })
}
