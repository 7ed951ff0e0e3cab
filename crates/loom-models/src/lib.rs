//! The engine's shared state machines, run by loom through every interleaving:
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p loom-models --release
//! ```
//!
//! The files are the engine's own. They are compiled here and not in their crate because tokio leaves its
//! network out under `--cfg loom`, which the rest of the engine needs.
#![cfg(loom)]

#[path = "../../execution-engine/src/admission.rs"]
mod admission;
#[path = "../../execution-engine/src/execution/dormant.rs"]
mod dormant;
#[path = "../../execution-engine/src/host_loop/readiness.rs"]
mod readiness;
mod semaphore;
#[path = "../../execution-engine/src/host_loop/shared_task.rs"]
mod shared_task;
#[path = "../../execution-engine/src/sync.rs"]
mod sync;

#[cfg(test)]
mod admission_models;
#[cfg(test)]
mod host_loop_models;
