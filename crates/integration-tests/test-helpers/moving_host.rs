//! A host that moves to another folder and changes its environment between its calls, and reports what
//! its commands saw.

use std::env::set_current_dir;
use std::fs::create_dir;
use std::io;
use std::path::Path;

use execution_engine::{EngineError, ExecutionConfig, ExecutionEngine, ExecutionRequest, Stdin};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::os_environment::set;

const SEEN: &str = "echo \"$SEEN\"; pwd";
const TIMES: usize = 30;

/// Its folders are in `dir`.
pub async fn report(dir: &Path) -> io::Result<Value> {
    let (first, second) = (dir.join("first"), dir.join("second"));
    for dir in [&first, &first.join("inner"), &second, &second.join("inner")] {
        create_dir(dir)?;
    }
    set_current_dir(&first)?;
    let engine =
        ExecutionEngine::new(ExecutionConfig::default().log_dir("logs").max_concurrent_executions(1))
            .map_err(io::Error::other)?;
    let report = json!({
        "at_once": at_once(&engine, [&first, &second]).await?,
        "queued": queued(&engine, [&first, &second]).await?,
        "logs": engine.metrics().log_dir,
        "deleted": deleted(&engine, &dir.join("gone"), &second).await?,
    });
    engine.shutdown().await;
    Ok(report)
}

/// What commands saw whose host went on immediately after each call.
async fn at_once(engine: &ExecutionEngine, [here, there]: [&Path; 2]) -> io::Result<Vec<String>> {
    let mut seen = Vec::new();
    for number in 0..TIMES {
        set_current_dir(here)?;
        set("SEEN", &number.to_string());
        let id = execute(engine, ExecutionRequest::shell(SEEN))?;
        set("SEEN", "later");
        set_current_dir(there)?;
        seen.push(output(engine, id).await?);
    }
    Ok(seen)
}

/// What commands saw that waited for their turn while their host went on.
async fn queued(engine: &ExecutionEngine, [here, there]: [&Path; 2]) -> io::Result<Vec<String>> {
    set_current_dir(here)?;
    let blocking = execute(engine, ExecutionRequest::exec::<&str>("cat", []).stdin(Stdin::Pipe))?;
    set("SEEN", "at the call");
    let requests = [
        ExecutionRequest::shell(SEEN),
        ExecutionRequest::shell(SEEN).working_dir("inner"),
        ExecutionRequest::exec::<&str>("own-program", []).env("PATH", "inner"),
    ];
    std::fs::write("inner/own-program", "#!/bin/sh\necho found\n")?;
    std::fs::set_permissions("inner/own-program", std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let ids = requests.map(|request| execute(engine, request));
    set("SEEN", "later");
    set_current_dir(there)?;
    engine.close_stdin(blocking).await.map_err(io::Error::other)?;
    let mut seen = Vec::new();
    for id in ids {
        seen.push(output(engine, id?).await?);
    }
    Ok(seen)
}

/// What commands saw whose host had lost its folder: before the call, and after it.
async fn deleted(engine: &ExecutionEngine, gone: &Path, other: &Path) -> io::Result<Vec<String>> {
    create_dir(gone)?;
    set_current_dir(gone)?;
    std::fs::remove_dir(gone)?;
    let lost = execute(engine, ExecutionRequest::shell("echo ran"))?;
    let relative = execute(engine, ExecutionRequest::shell("echo ran").working_dir("inner"))?;
    let mut seen = vec![output(engine, lost).await?, output(engine, relative).await?];
    create_dir(gone)?;
    set_current_dir(gone)?;
    let blocking = execute(engine, ExecutionRequest::exec::<&str>("cat", []).stdin(Stdin::Pipe))?;
    let lost = execute(engine, ExecutionRequest::shell("echo ran"))?;
    set_current_dir(other)?;
    std::fs::remove_dir(gone)?;
    engine.close_stdin(blocking).await.map_err(io::Error::other)?;
    seen.push(output(engine, lost).await?);
    Ok(seen)
}

fn execute(engine: &ExecutionEngine, request: ExecutionRequest) -> io::Result<Uuid> {
    engine.execute(request).map_err(io::Error::other)
}

/// The lines of its output, or its error's code.
async fn output(engine: &ExecutionEngine, id: Uuid) -> io::Result<String> {
    let result =
        engine.wait_for_completion(id).await.map_err(|error: EngineError| io::Error::other(error))?;
    Ok(match &result.error {
        Some(error) => error.code.as_str().to_owned(),
        None => result.stdout.trim_end().replace('\n', " in "),
    })
}
