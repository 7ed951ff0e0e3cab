//! A child with exactly known behaviour, one word each. Run as `test-child <word> [arguments]`.
#![allow(clippy::disallowed_methods, reason = "it is a host")]

mod moving_host;
mod os_environment;

mod os_thread;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use execution_engine::{ExecutionConfig, ExecutionEngine, ExecutionEvent, ExecutionRequest};

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let word = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let number = |index: usize| rest.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if word == "host" {
        return host(&rest);
    }
    if word == "first-thread-ends" {
        return first_thread_ends();
    }
    let mut out = io::stdout().lock();
    if word == "moving-host" {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return write!(out, "{}", runtime.block_on(moving_host::report(rest[0].as_ref()))?);
    }
    match word.as_str() {
        // The arguments as JSON: nothing about them is left to guess.
        "args" => write!(out, "{}", serde_json::json!(rest)),
        "env" => {
            let all: std::collections::BTreeMap<String, String> = std::env::vars().collect();
            write!(out, "{}", serde_json::json!(all))
        }
        "cwd" => write!(out, "{}", std::env::current_dir()?.display()),
        "exit" => std::process::exit(i32::try_from(number(0)).unwrap_or(255)),
        "lines" => lines(&mut out, number(0)),
        "bytes" => bytes(&mut out, number(0)),
        "endless" => {
            let block = vec![b'x'; 65_536];
            loop {
                out.write_all(&block)?;
            }
        }
        "tree" => tree(&mut out, number(0)),
        "hex" => write_hex(&mut out, &rest),
        "alternate" => alternate(number(0)),
        "cat" => {
            let mut input = Vec::new();
            io::stdin().lock().read_to_end(&mut input)?;
            out.write_all(&input)
        }
        other => {
            writeln!(io::stderr(), "test-child does not know {other:?}")?;
            std::process::exit(64)
        }
    }
}

/// A process in a process in a process, each telling its id; the last one says when all are there.
fn tree(out: &mut impl Write, depth: u64) -> io::Result<()> {
    writeln!(out, "pid {}", std::process::id())?;
    out.flush()?;
    if depth > 0 {
        let program = std::env::current_exe()?;
        std::process::Command::new(program).args(["tree", &(depth - 1).to_string()]).status()?;
        return Ok(());
    }
    writeln!(out, "ready")?;
    out.flush()?;
    std::thread::sleep(Duration::from_secs(1000));
    Ok(())
}

/// The first thread ends; another says so, and goes on.
fn first_thread_ends() -> io::Result<()> {
    let first = format!("/proc/self/task/{}/stat", std::process::id());
    std::thread::spawn(move || -> io::Result<()> {
        while !std::fs::read_to_string(&first)?.contains(") Z ") {
            std::thread::sleep(Duration::from_millis(1));
        }
        writeln!(io::stdout(), "ready")?;
        std::thread::sleep(Duration::from_secs(1000));
        Ok(())
    });
    os_thread::end_first_thread();
    Err(io::ErrorKind::Unsupported.into())
}

/// `n` numbered lines.
fn lines(out: &mut impl Write, n: u64) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(65_536, out);
    for i in 0..n {
        writeln!(out, "line {i}")?;
    }
    out.flush()
}

/// `n` bytes in lines of 64.
fn bytes(out: &mut impl Write, mut n: u64) -> io::Result<()> {
    let line = b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk\n";
    let block = line.repeat(1024);
    while n > 0 {
        let part = usize::try_from(n).unwrap_or(usize::MAX).min(block.len());
        out.write_all(&block[..part])?;
        n -= part as u64;
    }
    Ok(())
}

/// Each argument's bytes in a write of its own.
fn write_hex(out: &mut impl Write, parts: &[String]) -> io::Result<()> {
    for part in parts {
        let bytes: Vec<u8> = (0..part.len() / 2)
            .filter_map(|i| u8::from_str_radix(&part[2 * i..2 * i + 2], 16).ok())
            .collect();
        out.write_all(&bytes)?;
        out.flush()?;
    }
    Ok(())
}

/// `n` lines on each stream in turn.
fn alternate(n: u64) -> io::Result<()> {
    for i in 0..n {
        io::stdout().lock().write_all(format!("out {i}\n").as_bytes())?;
        io::stderr().lock().write_all(format!("err {i}\n").as_bytes())?;
    }
    Ok(())
}

/// A host that can be killed: an engine with its logs in `rest[0]` (or in the default folder, or with this
/// configuration as JSON), running the shell line `rest[1]`, its events printed as JSON lines. It runs each
/// further shell line that arrives on its standard input.
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn host(rest: &[String]) -> io::Result<()> {
    let [log_dir, lines @ ..] = rest else { return Err(io::ErrorKind::InvalidInput.into()) };
    let config = match log_dir.as_str() {
        "" => ExecutionConfig::default(),
        json if json.starts_with('{') => serde_json::from_str(json)?,
        folder => ExecutionConfig::default().log_dir(folder),
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let engine = ExecutionEngine::new(config).map_err(io::Error::other)?;
        let print = |event: ExecutionEvent| println!("{}", serde_json::json!(event));
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                io::stdin().read_line(&mut String::new())?;
            }
            let request = ExecutionRequest::shell(line);
            let id = engine.execute_with(request, Arc::new(print)).map_err(io::Error::other)?;
            engine.wait_for_completion(id).await.map_err(io::Error::other)?;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(())
    })
}
