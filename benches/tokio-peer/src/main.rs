//! `tokio-peer PRODUCER LINES`: reads a child's lines as in tokio's documentation, and prints how fast.

use std::process::Stdio;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, producer, wanted] = args.as_slice() else { return Err(std::io::ErrorKind::InvalidInput.into()) };
    let began = Instant::now();
    let mut child = Command::new(producer)
        .arg(wanted)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let Some(stdout) = child.stdout.take() else { return Err(std::io::ErrorKind::BrokenPipe.into()) };
    let mut lines = BufReader::new(stdout).lines();
    let (mut seen, mut characters) = (0_u32, 0);
    while let Some(line) = lines.next_line().await? {
        seen += 1;
        characters += line.len();
    }
    child.wait().await?;
    let seconds = began.elapsed().as_secs_f64();
    if wanted.parse() != Ok(seen) || characters != seen as usize * 79 {
        return Err(std::io::Error::other(format!("{seen} lines of {wanted} arrived")));
    }
    let value = f64::from(seen) / 1e6 / seconds;
    println!("{}", serde_json::json!({ "value": value, "seconds": seconds }));
    Ok(())
}
