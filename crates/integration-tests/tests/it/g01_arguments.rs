//! G1: arguments arrive verbatim, whatever they contain.

use execution_engine::{Command, ExecutionRequest};
use integration_tests::{TestEngine, child, child_request};

const HOSTILE: [&str; 12] = [
    "",
    " ",
    "two words",
    "'single'",
    "\"double\"",
    "$(touch pwned)",
    "`id`",
    "; rm -rf /",
    "*",
    "new\nline",
    "ünï¢ödé 🚀",
    "--",
];

#[tokio::test]
async fn arguments_reach_a_program_verbatim() {
    let mut args = vec!["args"];
    args.extend(HOSTILE);
    let result = TestEngine::new().run(child_request(&args)).await;
    assert_eq!(serde_json::from_str::<Vec<String>>(&result.stdout).unwrap(), HOSTILE);
}

#[tokio::test]
async fn arguments_reach_a_script_verbatim() {
    let test = TestEngine::new();
    let path = test.dir.path().join("script with space.sh");
    std::fs::write(&path, format!("exec '{}' args \"$@\"\n", child())).unwrap();
    let command = Command::Script {
        path,
        interpreter: Some("sh".into()),
        args: HOSTILE.iter().map(ToString::to_string).collect(),
    };
    let result = test.run(ExecutionRequest::new(command)).await;
    assert_eq!(serde_json::from_str::<Vec<String>>(&result.stdout).unwrap(), HOSTILE, "{:?}", result.error);
}

#[tokio::test]
async fn a_shell_command_is_the_shells_to_interpret() {
    let result = TestEngine::new().run(ExecutionRequest::shell("echo $((6 * 7)) | tr 4 5")).await;
    assert_eq!(result.stdout, "52\n");
}

#[tokio::test]
async fn an_argument_list_that_is_too_long_is_refused_and_the_engine_goes_on() {
    let test = TestEngine::new();
    let long = "x".repeat(200 * 1024);
    let result = test.run(child_request(&["args", &long])).await;
    assert_eq!(result.error.as_ref().unwrap().code.as_str(), "ARGUMENTS_TOO_LONG", "{:?}", result.error);
    assert_eq!(test.run(child_request(&["args", "fine"])).await.stdout, r#"["fine"]"#);
}
