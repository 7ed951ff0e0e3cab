//! The spawn itself: `posix_spawn`, into a session of its own.
//!
//! `std::process::Command` gives a child a group of its own, but a session only through code that runs
//! between fork and exec, and a fork copies the page tables of the whole host. It also leaves every signal
//! that the host ignores ignored in the child, SIGPIPE excepted.
//!
//! A session of its own has no controlling terminal, so a program that asks at `/dev/tty` fails at once. In
//! the host's session the kernel would stop it, and it would hang until its timeout. The leader of a session
//! leads a group with the same id.

use std::ffi::{CString, c_char, c_int, c_short};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use super::exec_strings::ExecStrings;
use super::os_calls::signal_set;
use super::os_fork_spawn;
use super::pipe::ChildEnd;
use crate::process::spec::{EXECUTION_ID_VAR, SpawnSpec, marker};

/// Spawns a process with these as its stdin, stdout and stderr. Returns its id, which is also its group's.
pub(super) fn spawn(spec: &SpawnSpec, stdio: [ChildEnd; 3]) -> io::Result<u32> {
    let mut actions = Actions::new()?;
    if let Some(dir) = &spec.working_dir {
        let Some(enter) = enter_folder() else { return os_fork_spawn::spawn(spec, stdio) };
        let dir = CString::new(dir.as_os_str().as_bytes())?;
        // SAFETY: the actions are initialised and the path is a C string, which is copied.
        check(unsafe { enter(actions.0.as_mut_ptr(), dir.as_ptr()) })?;
    }
    let stdio = above_stdio(stdio)?;
    for (end, target) in stdio.iter().zip(0..) {
        // SAFETY: the actions are initialised; any two numbers are allowed.
        check(unsafe {
            libc::posix_spawn_file_actions_adddup2(actions.0.as_mut_ptr(), end.as_raw_fd(), target)
        })?;
    }
    let attributes = Attributes::new()?;
    let program = CString::new(spec.program.as_os_str().as_bytes())?;
    let (argv, envp) = (arguments(spec)?, environment(spec)?);
    let (argv_pointers, envp_pointers) = (argv.pointers(), envp.pointers());
    let mut pid = 0;
    loop {
        // SAFETY: actions and attributes are initialised, the program is a C string, and both lists are of C
        // strings and end with a null; all outlive the call.
        let result = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                program.as_ptr(),
                actions.0.as_ptr(),
                attributes.0.as_ptr(),
                argv_pointers.as_ptr(),
                envp_pointers.as_ptr(),
            )
        };
        if result != libc::EINTR {
            return check(result).map(|()| pid.cast_unsigned());
        }
    }
}

fn arguments(spec: &SpawnSpec) -> io::Result<ExecStrings> {
    let mut strings = ExecStrings::default();
    strings.push(&[spec.arg0.as_deref().unwrap_or(spec.program.as_os_str())])?;
    spec.args.iter().try_for_each(|arg| strings.push(&[arg]))?;
    Ok(strings)
}

fn environment(spec: &SpawnSpec) -> io::Result<ExecStrings> {
    let mut strings = ExecStrings::default();
    let mut others = spec.env.iter().filter(|(name, _)| name != EXECUTION_ID_VAR);
    others.try_for_each(|(name, value)| strings.push(&[name, "=".as_ref(), value]))?;
    strings.push(&[&marker(spec.id)])?;
    Ok(strings)
}

/// Moves the ends above the standard descriptors. Below, copying one to its target could overwrite another
/// that is still to be copied, and one copied to itself may stay close-on-exec (glibc before 2.29). Both
/// happen only in a host that has closed its standard streams.
fn above_stdio(ends: [ChildEnd; 3]) -> io::Result<[OwnedFd; 3]> {
    let above = |end: ChildEnd| -> io::Result<OwnedFd> {
        if end.as_raw_fd() > 2 { Ok(end) } else { Ok(rustix::io::fcntl_dupfd_cloexec(&end, 3)?) }
    };
    let [stdin, stdout, stderr] = ends.map(above);
    Ok([stdin?, stdout?, stderr?])
}

struct Actions(MaybeUninit<libc::posix_spawn_file_actions_t>);

impl Actions {
    fn new() -> io::Result<Self> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: it initialises what it is given.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        Ok(Self(actions))
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, and destroyed once.
        unsafe { libc::posix_spawn_file_actions_destroy(self.0.as_mut_ptr()) };
    }
}

struct Attributes(MaybeUninit<libc::posix_spawnattr_t>);

impl Attributes {
    /// A session of its own, every signal at its default, none blocked.
    fn new() -> io::Result<Self> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: it initialises what it is given.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        let mut this = Self(attributes);
        let (every, none) = (every_signal(), signal_set(&[]));
        // SAFETY: the attributes are initialised, the sets are valid, and both are copied.
        unsafe {
            check(libc::posix_spawnattr_setsigdefault(this.0.as_mut_ptr(), &raw const every))?;
            check(libc::posix_spawnattr_setsigmask(this.0.as_mut_ptr(), &raw const none))?;
        }
        // A C library that does not know sessions here (glibc before 2.26) refuses the flag.
        this.set_flags(SESSION).or_else(|_| this.set_flags(GROUP))?;
        Ok(this)
    }

    fn set_flags(&mut self, own: c_short) -> io::Result<()> {
        // SAFETY: the attributes are initialised. (The group, if that is the flag, is 0: the child's own.)
        check(unsafe { libc::posix_spawnattr_setflags(self.0.as_mut_ptr(), SIGNALS | own) })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, and destroyed once.
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}

#[expect(clippy::cast_possible_truncation, reason = "small numbers, of another type than the call takes")]
const SIGNALS: c_short = (libc::POSIX_SPAWN_SETSIGDEF | libc::POSIX_SPAWN_SETSIGMASK) as c_short;
#[expect(clippy::cast_possible_truncation, reason = "the same")]
const GROUP: c_short = libc::POSIX_SPAWN_SETPGROUP as c_short;
#[cfg(any(target_os = "linux", target_os = "android"))]
const SESSION: c_short = libc::POSIX_SPAWN_SETSID;
/// `POSIX_SPAWN_SETSID` of `<sys/spawn.h>`, since macOS 10.15.
#[cfg(target_vendor = "apple")]
const SESSION: c_short = 0x0400;
/// There is no such flag.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
const SESSION: c_short = GROUP;

/// Includes the two signals that glibc reserves: `sigfillset` omits them, and the child would start with them
/// ignored.
fn every_signal() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: a set is plain bits, all of which are written.
    unsafe {
        set.as_mut_ptr().write_bytes(0xff, 1);
        set.assume_init()
    }
}

type EnterFolder = unsafe extern "C" fn(*mut libc::posix_spawn_file_actions_t, *const c_char) -> c_int;

/// `posix_spawn_file_actions_addchdir_np`, where the C library has it: glibc 2.29, musl 1.1.24, macOS 10.15.
/// Looked up at run time, because a link would keep the engine from loading where it is missing.
#[cfg(not(target_env = "musl"))]
fn enter_folder() -> Option<EnterFolder> {
    static FOUND: OnceLock<Option<EnterFolder>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let name = c"posix_spawn_file_actions_addchdir_np";
        // SAFETY: the name is a C string; nothing is loaded for it.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        // SAFETY: the symbol is a function of this type wherever it exists, and a null becomes `None`.
        unsafe { std::mem::transmute::<*mut std::ffi::c_void, Option<EnterFolder>>(found) }
    })
}

/// Usually linked statically, where no symbol can be looked up.
#[cfg(target_env = "musl")]
fn enter_folder() -> Option<EnterFolder> {
    Some(libc::posix_spawn_file_actions_addchdir_np)
}

/// These functions return their error instead of setting `errno`.
fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(result)) }
}
