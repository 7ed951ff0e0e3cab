//! G16: secrets appear nowhere.

use execution_engine::{
    Command, ExecutionFilter, ExecutionMetadata, ExecutionRequest, OversizedOutputStrategy,
};
use integration_tests::{TestEngine, child_request};

const SECRET: &str = "hunter2-s3cret";

#[tokio::test]
async fn a_secret_appears_in_no_sink() {
    let test = TestEngine::with(|config| config.secrets([SECRET]));
    let metadata = ExecutionMetadata {
        source: Some(format!("asked for {SECRET}")),
        tags: [("why".to_owned(), SECRET.to_owned())].into(),
        ..ExecutionMetadata::default()
    };
    let request = ExecutionRequest::shell(format!("echo out {SECRET} out; echo err {SECRET} >&2; exit 3"))
        .metadata(metadata)
        .env(SECRET, SECRET)
        .max_output_size_bytes(10)
        .oversized_output(OversizedOutputStrategy::StreamToFile);
    let (result, events) = test.run_observed(request).await;
    let output = format!(
        "{result:?} {:?} {:?}",
        events.all(),
        test.engine.list_executions(ExecutionFilter::default())
    );
    assert!(!output.contains(SECRET), "{output}");
    assert!(events.lines().contains(&"o:out *** out".to_owned()), "{:?}", events.lines());
    let files: Vec<_> =
        std::fs::read_dir(test.log_dir()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let written = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!written.contains(SECRET), "{}: {written}", file.display());
    }
}

#[tokio::test]
async fn a_secret_cut_by_a_write_is_masked() {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    for cut in (2..hex.len()).step_by(2) {
        let request = child_request(&["hex", &hex[..cut], &hex[cut..], "0a"]).secrets([SECRET]);
        assert_eq!(TestEngine::new().run(request).await.stdout, "***\n");
    }
}

#[tokio::test]
async fn a_secret_appears_in_no_error() {
    let test = TestEngine::new();
    let missing = ExecutionRequest::exec::<&str>(format!("/no/{SECRET}"), []).secrets([SECRET]);
    let result = test.run(missing).await;
    assert!(!result.error.as_ref().unwrap().message.contains(SECRET), "{:?}", result.error);
    let refused = ExecutionRequest::exec("echo", [format!("{SECRET}\0")]).secrets([SECRET]);
    let error = test.engine.execute(refused).unwrap_err().to_string();
    assert!(!error.contains(SECRET), "{error}");
}

/// Quoting for display used to hide a secret from the search for it, and shortening to cut it.
#[tokio::test]
async fn a_secret_appears_in_no_command_that_is_shown() {
    let test = TestEngine::new();
    let secret = "it's a secret";
    let secrets = vec![secret.to_owned()];
    let command =
        Command::Shell { command: format!("echo '\n{secret}'; exit 3\n"), shell: Some("sh".into()) };
    let (result, events) = test.run_observed(ExecutionRequest::new(command).secrets(secrets.clone())).await;
    let log = test.engine.read_logs(result.id).await.unwrap();
    let output = format!("{result:?} {:?} {:?} {log}", events.all(), test.engine.get_summary(result.id));
    assert!(!output.contains("a secret"), "{output}");

    let argument = format!("{}{secret}\0", "x".repeat(195));
    let refused = ExecutionRequest::exec("echo", [argument]).secrets(secrets);
    let error = test.engine.execute(refused).unwrap_err().to_string();
    assert!(!error.contains("it's"), "{error}");
}
