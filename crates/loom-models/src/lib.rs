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
mod semaphore;
#[path = "../../execution-engine/src/sync.rs"]
mod sync;

#[cfg(test)]
mod admission_models;
