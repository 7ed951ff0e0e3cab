//! From a request to a program, its arguments and its environment. The only place that knows shells
//! and the AWS command line.

mod aws_cli;
mod display;
mod environment;
mod path_lookup;
mod prepare;
mod script;
mod shell;

pub(crate) use prepare::{argv, prepare};
