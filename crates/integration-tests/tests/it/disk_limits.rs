//! What an execution may write to the disk is bounded, and the command never notices.

use std::path::Path;

use execution_engine::{
    ExecutionConfig, ExecutionEngine, ExecutionRequest, ExecutionResult, ExecutionStatus, LogReader,
    OversizedOutputStrategy,
};
use integration_tests::{Host, TestEngine, child_request, have};
use serde_json::Value;

fn to_file(request: ExecutionRequest, in_memory: u64) -> ExecutionRequest {
    request.max_output_size_bytes(in_memory).oversized_output(OversizedOutputStrategy::StreamToFile)
}

/// Checks that the file of stdout ends early, and that the result says so.
fn ends_at(result: &ExecutionResult, bytes: u64, bound: u64) {
    assert_eq!(result.status, ExecutionStatus::Completed, "the command is not disturbed");
    let file = result.output_files.stdout.as_ref().expect("what was written is named");
    assert_eq!(std::fs::metadata(file).unwrap().len(), bytes);
    assert!(result.output_files_incomplete);
    let error = result.log_error.as_ref().unwrap();
    assert!(error.contains(&file.display().to_string()) && error.contains(&bound.to_string()), "{error}");
    assert!(!result.stdout.contains(&format!("all of it is in {}", file.display())), "{}", result.stdout);
}

#[tokio::test]
async fn a_streams_file_ends_at_exactly_its_bound_and_the_command_goes_on() {
    // Below, at and above what memory keeps, and across reads.
    for (bound, in_memory) in [(1, 1000), (999, 1000), (1000, 1000), (1001, 1000), (65_537, 10), (100_000, 0)]
    {
        let test = TestEngine::with(|config| config.max_spill_bytes(bound));
        let (result, events) =
            test.run_observed(to_file(child_request(&["bytes", "320000"]), in_memory)).await;
        ends_at(&result, bound, bound);
        assert_eq!(result.stdout_bytes, 320_000);
        let warnings = events.kinds().iter().filter(|kind| **kind == "warning").count();
        assert_eq!(warnings, 1);
        let logged = LogReader::open(&test.log_dir(), result.id).unwrap().count();
        assert_eq!(logged, 320_000 / 64 + 1, "the log has everything, and that memory has not");
    }
}

#[tokio::test]
async fn a_stream_of_exactly_the_bound_is_whole() {
    let test = TestEngine::with(|config| config.max_spill_bytes(3000));
    let result = test.run(to_file(child_request(&["bytes", "3000"]), 10)).await;
    assert_eq!((result.output_files_incomplete, &result.log_error), (false, &None));
    assert_eq!(std::fs::metadata(result.output_files.stdout.as_ref().unwrap()).unwrap().len(), 3000);
}

#[tokio::test]
async fn each_stream_has_its_own_bound_and_each_loss_is_reported() {
    let test = TestEngine::with(|config| config.max_spill_bytes(5000).logging(false));
    let line = "seq 10000; seq 10000 >&2; echo end >&2";
    let (result, events) = test.run_observed(to_file(ExecutionRequest::shell(line), 100)).await;
    ends_at(&result, 5000, 5000);
    let error = result.log_error.as_ref().unwrap();
    for file in [&result.output_files.stdout, &result.output_files.stderr] {
        let file = file.as_ref().unwrap();
        assert_eq!(std::fs::metadata(file).unwrap().len(), 5000);
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
    assert_eq!(events.kinds().iter().filter(|kind| **kind == "warning").count(), 2);
}

#[tokio::test]
async fn a_disk_without_room_to_spare_takes_no_file_and_the_log_is_written() {
    let test = TestEngine::with(|config| config.min_free_bytes(1 << 53));
    let result = test.run(to_file(child_request(&["bytes", "320000"]), 10)).await;
    ends_at(&result, 0, 1 << 53);
    let log = result.log_path.as_ref().unwrap();
    assert!(result.stdout.contains(&format!("all of it is in {}", log.display())), "{}", result.stdout);
}

#[tokio::test]
async fn on_a_disk_without_room_to_spare_a_log_keeps_its_first_and_newest_parts_only() {
    let test = TestEngine::with(|config| {
        config.max_log_size_bytes(4096).max_log_files(1000).min_free_bytes(1 << 53)
    });
    let result = test.run(child_request(&["lines", "10000"])).await;
    assert_eq!((result.status, &result.log_error), (ExecutionStatus::Completed, &None));
    assert_eq!(std::fs::read_dir(test.log_dir()).unwrap().count(), 2);
    let mut reader = LogReader::open(&test.log_dir(), result.id).unwrap();
    assert!(reader.by_ref().count() > 100);
    assert!(reader.footer().is_some_and(|footer| footer.dropped_bytes > 100_000));
}

/// A host whose output files go to a file system of 4 MiB of its own.
fn on_a_disk_of_4_mib(disk: &Path, config: &str, line: &str) -> Value {
    let script = format!(
        "mount -t tmpfs -o size=4m tmpfs \"$1\" && \
         exec \"$0\" host \"{{\\\"log_dir\\\":\\\"$1\\\",\\\"logging\\\":false,\
         \\\"oversized_output\\\":\\\"stream_to_file\\\",{config}}}\" \"$2; df --output=avail -B1 '$1' >&2\""
    );
    Host::under("unshare", &["-rm", "sh", "-c", &script], disk, line).result()
}

#[test]
fn the_required_space_stays_free_on_a_small_disk() {
    if !have("unshare", &["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let config = "\\\"max_output_size_bytes\\\":1000,\\\"min_free_bytes\\\":1500000";
    let line = "head -c 6000000 /dev/zero | tr '\\\\0' x";
    let result = on_a_disk_of_4_mib(dir.path(), config, line);
    assert_eq!((&result["status"], &result["stdout_bytes"]), (&"completed".into(), &6_000_000.into()));
    assert_eq!(result["output_files_incomplete"], true);
    let free: u64 = result["stderr"].as_str().unwrap().lines().last().unwrap().trim().parse().unwrap();
    // To the page of the file system.
    assert!((1_500_000 - 8192..1_600_000).contains(&free), "{free}");
}

#[tokio::test]
async fn bounds_out_of_range_are_refused_by_name() {
    for (config, name) in [
        (ExecutionConfig::default().max_spill_bytes(1 << 54), "max_spill_bytes"),
        (ExecutionConfig::default().min_free_bytes(1 << 54), "min_free_bytes"),
    ] {
        let error = ExecutionEngine::new(config).unwrap_err();
        assert!(error.code() == "INVALID_CONFIG" && error.to_string().contains(name), "{error}");
    }
    let defaults = ExecutionConfig::default();
    assert_eq!((defaults.max_spill_bytes, defaults.min_free_bytes), (10 << 30, 1 << 30));
}
