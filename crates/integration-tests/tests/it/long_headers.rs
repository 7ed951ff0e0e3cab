//! The first line of a log is bounded, whatever was run: everything that reads logs can read it.

use std::collections::BTreeMap;
use std::process::Command;

use execution_engine::{ExecutionMetadata, ExecutionRequest, LogReader, LogState};
use execution_log::{LogHeader, Shortened};
use integration_tests::{TestEngine, child_request};

const MAX_HEADER: usize = 64 * 1024;

/// Runs a request, and returns the header of its log.
async fn header_of(test: &TestEngine, request: ExecutionRequest) -> LogHeader {
    let result = test.run(request).await;
    assert_eq!(result.log_error, None);
    let log = std::fs::read_to_string(result.log_path.as_ref().unwrap()).unwrap();
    for line in log.lines().filter(|line| line.starts_with('#')) {
        assert!(line.len() < MAX_HEADER, "{} bytes: {}", line.len(), &line[..100]);
    }
    let listed = test.engine.list_logs().await.unwrap();
    assert!(listed.iter().any(|log| log.id == result.id && log.state == LogState::Ended));
    let mut reader = LogReader::open(&test.log_dir(), result.id).unwrap();
    reader.by_ref().for_each(drop);
    reader.header().unwrap().clone()
}

/// What `sha256sum` says of these words, each with a NUL after it, or of one text as it is.
fn sha256sum(words: &[&str], is_list: bool) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("words");
    let text: String = words.iter().flat_map(|word| [*word, if is_list { "\0" } else { "" }]).collect();
    std::fs::write(&file, text).unwrap();
    let sum = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(sum.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_long_argument_is_shortened_and_its_length_and_hash_are_kept() {
    let test = TestEngine::new();
    let long = "ä".repeat(20_000);
    let header = header_of(&test, ExecutionRequest::exec("true", ["short", &long])).await;
    assert_eq!(header.argv[..2], ["true", "short"]);
    let shown = header.argv[2].strip_suffix('…').expect("it says that it is shortened");
    assert!(long.starts_with(shown) && (3000..4096).contains(&shown.len()), "{}", shown.len());
    assert!(header.command.starts_with("true short ") && header.command.ends_with('…'));
    let Shortened { bytes, items, sha256, .. } = &header.shortened["argv"];
    assert_eq!((*bytes, *items), (4 + 5 + 40_000, Some(3)));
    assert_eq!(*sha256, sha256sum(&["true", "short", &long], true));
    assert_eq!(header.shortened.keys().collect::<Vec<_>>(), ["argv", "command"]);
    let long = "x".repeat(40_000);
    let header = header_of(&test, ExecutionRequest::exec("true", [&long])).await;
    assert_eq!(header.shortened["command"].sha256, sha256sum(&["true ", &long], false));
}

#[tokio::test]
async fn whatever_is_long_the_line_is_not() {
    let test = TestEngine::new();
    let many: Vec<String> = (0..20_000).map(|index| format!("argument-{index}")).collect();
    let header = header_of(&test, ExecutionRequest::exec("true", &many)).await;
    assert!(header.argv.len() > 500 && header.argv[1..].iter().zip(&many).all(|(one, two)| one == two));
    assert_eq!(header.shortened["argv"].items, Some(20_001));

    // Each of these takes six bytes in JSON.
    header_of(&test, ExecutionRequest::exec("true", ["\u{1}".repeat(100_000)])).await;
    header_of(&test, ExecutionRequest::exec("true", vec![""; 100_000])).await;
    header_of(&test, ExecutionRequest::exec("true", ["\"\\\n".repeat(40_000)])).await;
    // It fails: the end of the log quotes it.
    header_of(&test, ExecutionRequest::shell(format!("false '{}'", "x".repeat(100_000)))).await;

    let mut request = child_request(&["args"]);
    for index in 0..5_000 {
        request = request.env(format!("A_VARIABLE_WITH_A_LONG_NAME_{index}"), "");
    }
    let tags = (0..1000).map(|index| (format!("tag-{index}"), "\t".repeat(100)));
    request.metadata = ExecutionMetadata {
        source: Some("s".repeat(100_000)),
        conversation_id: Some("c".repeat(100_000)),
        tags: tags.collect::<BTreeMap<_, _>>(),
    };
    let header = header_of(&test, request).await;
    let shortened: Vec<_> = header.shortened.keys().map(String::as_str).collect();
    let expected = ["env_names", "metadata.conversation_id", "metadata.source", "metadata.tags"];
    assert_eq!(shortened, expected);
    assert!(!header.env_names.is_empty() && !header.metadata.tags.is_empty());
}

#[tokio::test]
async fn a_secret_at_the_cut_is_masked_before_it_is_cut() {
    let test = TestEngine::new();
    for before in 4080..4100 {
        let secret = "hunter2-and-more";
        let word = format!("{}{secret}{}", "x".repeat(before), "y".repeat(5000));
        let request = ExecutionRequest::exec("true", [word.as_str()]).secrets([secret]);
        let header = header_of(&test, request).await;
        assert!(!header.argv[1].contains("hun") && !header.command.contains("hun"), "{before}");
        let masked = word.replace(secret, "***");
        assert_eq!(header.shortened["argv"].sha256, sha256sum(&["true", &masked], true));
    }
}

#[tokio::test]
async fn a_short_header_is_whole_and_says_nothing_of_it() {
    let test = TestEngine::new();
    let result = test.run(ExecutionRequest::exec("true", ["x".repeat(1000)])).await;
    let log = std::fs::read_to_string(result.log_path.as_ref().unwrap()).unwrap();
    assert!(!log.contains("shortened") && !log.contains('…'), "{log}");
}
