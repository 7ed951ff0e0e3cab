//! Behaviour on real processes. One module a guarantee; the numbers are those of
//! `docs/internal/reliability.md`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a test is the host")]
#![allow(clippy::format_collect, reason = "speed is no concern here")]
#![allow(clippy::clone_on_ref_ptr, reason = "`events.clone()` is what a test wants to say")]

mod disk_limits;
mod forged_logs;
mod g01_arguments;
mod g02_starting;
mod g03_one_terminal_event;
mod g04_every_byte;
mod g05_lines;
mod g06_bounded_memory;
mod g07_oversized_output;
mod g08_leaked_pipes;
mod g09_endings;
mod g09_other_users;
mod g09_outside_the_group;
mod g10_time;
mod g11_host_exit;
mod g12_recovery;
mod g13_logs;
mod g14_failing_disks;
mod g15_planted_files;
mod g16_real_programs;
mod g16_secrets;
mod g17_retention;
mod g18_admission;
mod g19_leaks;
mod g20_privacy;
mod handle;
mod heavy;
mod host_context;
#[cfg(all(feature = "host-loop", target_os = "linux"))]
mod host_loop;
mod log_damage;
mod long_headers;
mod missing_logs;
mod moved_files;
mod permits;
mod public_types;
mod requests;
mod result_parts;
mod reused_ids;
mod runtime_end;
mod spawn_errors;
mod starvation;
mod stdin;
mod tracing_events;
