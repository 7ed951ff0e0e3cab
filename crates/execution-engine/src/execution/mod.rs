//! The life of one execution, from acceptance to its terminal event.
//!
//! [`task`] reads top to bottom: wait for a permit, spawn, supervise, conclude. The rest of the engine sees
//! it through the registry's [`Execution`](crate::registry::Execution).

mod catch_unwind;
mod conclude;
mod delivery;
mod dormant;
mod drain;
mod end_guard;
mod flow;
mod log_header;
mod looks;
mod outcome;
mod reservation;
mod settings;
mod sinks;
mod stdin;
mod supervise;
mod task;
mod terminal;

pub(crate) use settings::Settings;
pub(crate) use stdin::StdinSource;
pub(crate) use task::Task;
