//! From a request to a program, its arguments and its environment. The only module that knows shells and
//! `aws`.
//!
//! [`prepare`] looks at the file system and runs on the spawner thread; [`explain`] says more about what it
//! did not find; `argv` and `display` only look at the request, for logs and summaries.

mod aws_cli;
mod display;
mod environment;
mod exec;
mod hints;
mod invocation;
mod path_lookup;
mod prepare;
mod script;
mod shell;

pub(crate) use display::argv;
pub(crate) use prepare::{explain, prepare};
