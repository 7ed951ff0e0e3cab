//! `aws_cli`: the AWS command line without a pager, with JSON output.

use std::collections::BTreeMap;

use super::environment::Environment;

/// `<service> <operation> <args>`, and `--output json` unless the caller chose an output.
pub(super) fn args(service: &str, operation: &str, args: &[String]) -> Vec<String> {
    let mut all = vec![service.to_owned(), operation.to_owned()];
    all.extend_from_slice(args);
    if !args.iter().any(|arg| arg == "--output" || arg.starts_with("--output=")) {
        all.extend(["--output".to_owned(), "json".to_owned()]);
    }
    all
}

/// Sets pager, profile and region. The request's own `env` takes precedence for the pager and for keys.
pub(super) fn environment(
    env: &mut Environment,
    requested: &BTreeMap<String, Option<String>>,
    profile: Option<&str>,
    region: Option<&str>,
) {
    if !requested.contains_key("AWS_PAGER") {
        env.set("AWS_PAGER", "");
    }
    if let Some(profile) = profile {
        env.set("AWS_PROFILE", profile);
        // Keys in the environment take precedence over AWS_PROFILE (not over `--profile`): inherited ones
        // would run the command in another account than the requested one.
        for key in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            if !requested.contains_key(key) {
                env.remove(key);
            }
        }
    }
    if let Some(region) = region {
        env.set("AWS_REGION", region);
        env.set("AWS_DEFAULT_REGION", region);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn json_is_asked_for_unless_an_output_was_chosen() {
        let plain = args("ec2", "describe-instances", &["--dry-run".into()]);
        assert_eq!(plain, ["ec2", "describe-instances", "--dry-run", "--output", "json"]);
        assert_eq!(args("s3", "ls", &["--output=text".into()]), ["s3", "ls", "--output=text"]);
        let two = args("s3", "ls", &["--output".into(), "text".into()]);
        assert_eq!(two, ["s3", "ls", "--output", "text"]);
    }

    #[test]
    fn a_profile_is_not_overruled_by_inherited_keys() {
        let mut env = Environment::default();
        env.set("AWS_ACCESS_KEY_ID", "inherited");
        environment(&mut env, &BTreeMap::new(), Some("prod"), Some("eu-west-1"));
        assert_eq!(env.get("AWS_ACCESS_KEY_ID"), None);
        assert_eq!(env.get("AWS_PROFILE"), Some(OsStr::new("prod")));
        assert_eq!(env.get("AWS_DEFAULT_REGION"), Some(OsStr::new("eu-west-1")));
        assert_eq!(env.get("AWS_PAGER"), Some(OsStr::new("")));
    }
}
