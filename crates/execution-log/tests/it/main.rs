//! The crate through its public API, over logs that are written here by hand.
#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a test is the host")]

mod damage;
mod follower;
mod foreign;
mod listing;
#[cfg(target_os = "linux")]
mod ownership;
mod reading;
mod support;
