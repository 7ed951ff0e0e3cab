//! The AWS command line: no pager, JSON, profile and region through its environment.

use super::prepare::Invocation;
use crate::request::Command;

/// `aws <service> <operation> <args>`, with JSON unless the arguments choose another format.
pub(super) fn invocation(service: &str, operation: &str, args: &[String]) -> Invocation {
    let mut all = vec![service.to_owned(), operation.to_owned()];
    all.extend_from_slice(args);
    if !args.iter().any(|arg| arg == "--output" || arg.starts_with("--output=")) {
        all.extend(["--output".to_owned(), "json".to_owned()]);
    }
    Invocation::new("aws", all)
}

/// Keys in the environment win over a profile, without a word: where a profile is asked for, keys
/// that the host happens to have are not passed on.
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// What it must not inherit.
pub(super) fn not_inherited(command: &Command) -> &'static [&'static str] {
    match command {
        Command::AwsCli { profile: Some(_), .. } => &KEYS,
        _ => &[],
    }
}

/// What it reads from its environment. A pager would wait for a key that nobody presses.
pub(super) fn variables(command: &Command) -> Vec<(&'static str, &str)> {
    let Command::AwsCli { profile, region, .. } = command else { return Vec::new() };
    let mut variables = vec![("AWS_PAGER", "")];
    variables.extend(profile.as_deref().map(|profile| ("AWS_PROFILE", profile)));
    // Version 1 reads only the second, the SDKs prefer the first.
    variables.extend(region.as_deref().map(|region| ("AWS_REGION", region)));
    variables.extend(region.as_deref().map(|region| ("AWS_DEFAULT_REGION", region)));
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_wins_over_keys_that_the_host_has() {
        let with = |profile: Option<&str>| Command::AwsCli {
            service: "sts".into(),
            operation: "get-caller-identity".into(),
            args: vec![],
            profile: profile.map(str::to_owned),
            region: None,
        };
        assert_eq!(not_inherited(&with(Some("production"))), KEYS);
        assert_eq!(not_inherited(&with(None)).len(), 0);
    }

    #[test]
    fn output_is_json_unless_chosen_otherwise() {
        let with = |args: &[&str]| {
            invocation("ec2", "describe-instances", &args.iter().map(ToString::to_string).collect::<Vec<_>>())
                .args
        };
        assert_eq!(with(&[]), ["ec2", "describe-instances", "--output", "json"]);
        assert_eq!(with(&["--output=text"]), ["ec2", "describe-instances", "--output=text"]);
        assert_eq!(with(&["--output", "yaml"]).len(), 4);
    }
}
