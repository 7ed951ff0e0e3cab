//! What takes minutes: `npm run test:heavy`. Each in a process of its own, alone on the machine.

#![expect(clippy::print_stdout, reason = "figures for a reader")]

use std::time::Duration;

use execution_engine::{ExecutionRequest, ExecutionStatus, FailureCode, OversizedOutputStrategy};
use integration_tests::{EventLog, TestEngine, children, eventually, marked};

const MIB: u64 = 1 << 20;

/// Bytes of this process's memory, of a field of `/proc/self/status`.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn count(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Ten gibibytes, the limit of ten mebibytes, and thirty more at the most.
async fn ten_gibibytes(strategy: OversizedOutputStrategy, line: &str) {
    let test = TestEngine::with(|config| {
        config
            // As much as a disk has room for, of what a log would keep anyway.
            .max_log_size_bytes(50 * MIB)
            .max_log_files(2)
            .default_timeout_ms(500_000)
            .max_output_size_bytes(10 * MIB)
            .logging(strategy != OversizedOutputStrategy::StreamToFile)
    });
    test.run(ExecutionRequest::shell("echo warm")).await;
    let idle = memory("VmRSS");
    let request = ExecutionRequest::shell(line).oversized_output(strategy);
    let id = test.engine.execute(request).unwrap();
    // Longer than any other test waits.
    let result = test.engine.wait_for_completion(id).await.unwrap();
    let peak = memory("VmHWM") - idle;
    if strategy == OversizedOutputStrategy::FailExecution {
        assert_eq!(result.error.as_ref().unwrap().code, FailureCode::OutputSizeExceeded);
    } else {
        assert_eq!((result.status, result.stdout_bytes), (ExecutionStatus::Completed, 10 << 30));
    }
    if let Some(file) = &result.output_files.stdout {
        assert_eq!(std::fs::metadata(file).unwrap().len(), 10 << 30);
    }
    println!("{strategy:?}: {} MiB above idle", peak / MIB);
    assert!(peak < 30 * MIB, "{} MiB above idle", peak / MIB);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 10 GiB"]
async fn ten_gibibytes_of_zeros_are_truncated_in_bounded_memory() {
    ten_gibibytes(OversizedOutputStrategy::TruncateWithWarning, "head -c 10737418240 /dev/zero").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 10 GiB"]
async fn ten_gibibytes_of_lines_are_truncated_in_bounded_memory() {
    let line = "yes 0123456789012345678901234567890123456789012345678901234567890 | head -c 10737418240";
    ten_gibibytes(OversizedOutputStrategy::TruncateWithWarning, line).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 10 GiB"]
async fn ten_gibibytes_stop_at_the_limit_in_bounded_memory() {
    ten_gibibytes(OversizedOutputStrategy::FailExecution, "head -c 10737418240 /dev/zero").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 10 GiB on the disk"]
async fn ten_gibibytes_go_to_a_file_in_bounded_memory() {
    ten_gibibytes(OversizedOutputStrategy::StreamToFile, "head -c 10737418240 /dev/zero").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: one line of 1 GiB"]
async fn a_line_of_a_gibibyte_comes_in_parts_and_bounded_memory() {
    let test = TestEngine::with(|config| config.max_log_size_bytes(4 << 30));
    let idle = memory("VmRSS");
    let bytes = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let seen = bytes.clone();
    let count = move |event: execution_engine::ExecutionEvent| {
        if let execution_engine::EventKind::Stdout { line, .. } = event.kind {
            seen.fetch_add(line.len() as u64, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let line = "head -c 1073741824 /dev/zero | tr '\\0' x";
    let id = test.engine.execute_with(ExecutionRequest::shell(line), std::sync::Arc::new(count)).unwrap();
    assert_eq!(test.wait(id).await.stdout_bytes, 1 << 30);
    assert_eq!(bytes.load(std::sync::atomic::Ordering::Relaxed), 1 << 30);
    let peak = memory("VmHWM") - idle;
    println!("one line of 1 GiB: {} MiB above idle", peak / MIB);
    assert!(peak < 40 * MIB, "{} MiB above idle", peak / MIB);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 10,000 cancels"]
async fn ten_thousand_cancels_at_random_moments_end_each_once() {
    let test =
        TestEngine::with(|config| config.max_concurrent_executions(8).kill_grace_ms(100).logging(false));
    for block in 0..100_u64 {
        let mut running = Vec::new();
        for i in 0..100_u64 {
            let events = EventLog::new();
            let line = ["sleep 1000", "echo a; echo b", "trap '' TERM; sleep 1000 & wait", "exit 3"]
                [(i % 4) as usize];
            let id = test.engine.execute_with(ExecutionRequest::shell(line), events.clone()).unwrap();
            let engine = test.engine.clone();
            let wait = Duration::from_micros((block * 100 + i) * 7_919 % 60_000);
            let canceller = tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                engine.cancel(id)
            });
            running.push((id, events, canceller));
        }
        for (id, events, canceller) in running {
            canceller.await.unwrap().unwrap();
            test.wait(id).await;
            let events = events.all();
            assert_eq!(events.iter().filter(|event| event.kind.is_terminal()).count(), 1);
            assert!(events.last().unwrap().kind.is_terminal());
            assert!(block % 10 != 0 || marked(id).is_empty());
        }
    }
    eventually("no zombie is left", || children().len() <= 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 1,000 processes"]
async fn a_thousand_at_once_all_end_and_leave_nothing() {
    let test = TestEngine::with(|config| config.max_concurrent_executions(1000));
    test.run(ExecutionRequest::shell("true")).await;
    let (descriptors, threads) = (count("/proc/self/fd"), count("/proc/self/task"));
    let line = "sleep 2; echo $$";
    let ids: Vec<_> =
        (0..1000).map(|_| test.engine.execute(ExecutionRequest::shell(line)).unwrap()).collect();
    for id in ids {
        let result = test.wait(id).await;
        assert_eq!((result.status, result.stdout.lines().count()), (ExecutionStatus::Completed, 1));
    }
    eventually("descriptors are closed", || count("/proc/self/fd") <= descriptors).await;
    eventually("threads are gone", || count("/proc/self/task") <= threads + 2).await;
    eventually("no zombie is left", || children().len() <= 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy: 100,000 processes"]
async fn a_hundred_thousand_in_a_row_leave_nothing() {
    let test = TestEngine::with(|config| {
        config
            .max_concurrent_executions(8)
            .max_queued_executions(100_000)
            .max_retained_executions(100)
            .logging(false)
    });
    let run = async |number: usize| {
        for _ in 0..number / 1000 {
            let request = || ExecutionRequest::exec("/bin/true", [""; 0]);
            let ids: Vec<_> = (0..1000).map(|_| test.engine.execute(request()).unwrap()).collect();
            test.wait(*ids.last().unwrap()).await;
        }
        eventually("all have ended", || test.engine.metrics().running == 0).await;
    };
    // Allocators and tables reach their size.
    run(20_000).await;
    let before = (memory("VmRSS"), count("/proc/self/fd"), count("/proc/self/task"));
    run(100_000).await;
    let after = (memory("VmRSS"), count("/proc/self/fd"), count("/proc/self/task"));
    println!("before {before:?}, after {after:?} (bytes, descriptors, threads)");
    assert!(after.0 < before.0 + 4 * MIB, "memory grew: {before:?} → {after:?}");
    assert!(after.1 <= before.1 && after.2 <= before.2 + 1, "{before:?} → {after:?}");
    assert!(children().len() <= 1);
}

#[tokio::test]
#[ignore = "heavy: 200 hosts killed"]
async fn two_hundred_hosts_killed_at_random_leave_logs_that_parse_and_no_process() {
    crate::g12_recovery::kill_at_random(200).await;
}
