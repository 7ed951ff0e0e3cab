//! A command as one would type it: what is shown, logged and listed.

use std::borrow::Cow;

use crate::request::Command;

impl Command {
    /// One line that can be pasted into a POSIX shell.
    #[must_use]
    pub fn display(&self) -> String {
        match self {
            Self::Exec { program, args } => join(std::iter::once(program).chain(args)),
            Self::Shell { command, .. } => command.clone(),
            Self::Script { path, interpreter, args } => {
                let path = path.to_string_lossy().into_owned();
                join(interpreter.iter().chain([&path]).chain(args))
            }
            Self::AwsCli { service, operation, args, profile, region } => {
                let mut words = vec!["aws", service, operation];
                words.extend(args.iter().map(String::as_str));
                words.extend(profile.iter().flat_map(|profile| ["--profile", profile]));
                words.extend(region.iter().flat_map(|region| ["--region", region]));
                join(words)
            }
        }
    }
}

fn join<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| quote(word.as_ref()).into_owned()).collect();
    quoted.join(" ")
}

fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_interpret_is_quoted() {
        let command =
            Command::Exec { program: "echo".into(), args: vec!["a b".into(), "it's".into(), String::new()] };
        assert_eq!(command.display(), r"echo 'a b' 'it'\''s' ''");
    }

    #[test]
    fn an_aws_command_shows_its_profile_and_region() {
        let command = Command::AwsCli {
            service: "ec2".into(),
            operation: "describe-instances".into(),
            args: vec![],
            profile: Some("production".into()),
            region: Some("us-east-1".into()),
        };
        assert_eq!(command.display(), "aws ec2 describe-instances --profile production --region us-east-1");
    }
}
