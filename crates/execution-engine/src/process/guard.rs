//! Ends the process groups when this program dies without a word (SIGKILL, a crash).
//!
//! One `/bin/sh` reads from a pipe of which we hold the other end. While we live it only keeps a
//! list; when the kernel closes the pipe, because we are gone, it kills every group on it. No
//! privileges, no extra binary, a few milliseconds.
//!
//! A group leaves the list before its leader is reaped, so its id still is its own when it is killed.

use std::collections::HashSet;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// `kill -9 -<id>`, because dash knows no `kill -KILL -- -<id>`.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -9 -"$group" 2>/dev/null; done
"#;

static GUARD: Mutex<Option<Guard>> = Mutex::new(None);

struct Guard {
    /// The lifeline: close-on-exec, so nobody else keeps it open.
    lifeline: Option<(u32, ChildStdin)>,
    groups: HashSet<u32>,
}

/// Puts a group on the list.
pub(super) fn watch_over(group: u32) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    let guard = guard.get_or_insert_with(|| Guard { lifeline: None, groups: HashSet::new() });
    guard.groups.insert(group);
    guard.tell('+', group);
}

/// Takes it off again.
pub(super) fn let_go(group: u32) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(guard) = guard.as_mut().filter(|guard| guard.groups.contains(&group)) {
        guard.groups.remove(&group);
        guard.tell('-', group);
    }
}

impl Guard {
    /// Says one line; a guard that is not there, or no longer, is started and told everything.
    fn tell(&mut self, sign: char, group: u32) {
        let told = match &mut self.lifeline {
            Some((_, pipe)) => pipe.write_all(format!("{sign} {group}\n").as_bytes()),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        if told.is_err()
            && let Err(error) = self.restart()
        {
            tracing::warn!(%error, "no guard: processes would survive a crash of this program");
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        if let Some((pid, _)) = self.lifeline.take() {
            // It died before us, so this does not wait.
            let _ = super::sys::reap(pid.cast_signed());
        }
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "execution-guard"])
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let Some(mut pipe) = child.stdin.take() else { return Ok(()) };
        for group in &self.groups {
            pipe.write_all(format!("+ {group}\n").as_bytes())?;
        }
        self.lifeline = Some((child.id(), pipe));
        Ok(())
    }
}
