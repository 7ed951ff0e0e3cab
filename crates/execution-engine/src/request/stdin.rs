//! [`Stdin`]: where the child's standard input comes from.

use serde::{Deserialize, Serialize};

/// The child's standard input.
///
/// In JSON a mode is a word and data is an object, so that no text can be taken for a mode: `"null"`,
/// `"pipe"`, `{ "text": "…" }`, `{ "bytes": "<base64>" }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Given")]
#[non_exhaustive]
pub enum Stdin {
    /// End of file immediately, so that a command that asks a question fails instead of hanging.
    #[default]
    Null,
    /// Whatever is written with [`write_stdin`](crate::ExecutionEngine::write_stdin).
    Pipe,
    /// This text, then end of file.
    Text(String),
    /// These bytes, then end of file.
    Bytes(#[serde(with = "crate::bytes_as_base64")] Vec<u8>),
}

/// What JSON may hold.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected \"null\", \"pipe\", {\"text\": …} or {\"bytes\": …} in base64")]
enum Given {
    Mode(String),
    Data(Data),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Data {
    Text(String),
    Bytes(#[serde(with = "crate::bytes_as_base64")] Vec<u8>),
}

impl TryFrom<Given> for Stdin {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        match given {
            Given::Mode(mode) if mode == "null" => Ok(Self::Null),
            Given::Mode(mode) if mode == "pipe" => Ok(Self::Pipe),
            // It is not shown: what was meant as input may be a secret.
            Given::Mode(_) => {
                Err("a bare string is a mode, \"null\" or \"pipe\"; a text is given as {\"text\": …}")
            }
            Given::Data(Data::Text(text)) => Ok(Self::Text(text)),
            Given::Data(Data::Bytes(bytes)) => Ok(Self::Bytes(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Stdin, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn data_survives_json_and_is_never_taken_for_a_mode() {
        for stdin in [
            Stdin::Null,
            Stdin::Pipe,
            Stdin::Text("null".into()),
            Stdin::Text("pipe".into()),
            Stdin::Text(String::new()),
            Stdin::Bytes(b"pipe".to_vec()),
            Stdin::Bytes((0..=255).collect()),
        ] {
            assert_eq!(read(&serde_json::to_string(&stdin).unwrap()), Ok(stdin));
        }
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(serde_json::to_string(&Stdin::Bytes(vec![0, 255])).unwrap(), r#"{"bytes":"AP8="}"#);
        assert!(read(r#"{"bytes":"a b"}"#).unwrap_err().contains("base64"));
    }

    #[test]
    fn a_bare_string_that_is_no_mode_is_refused_with_the_form_of_a_text() {
        let error = read(r#""hunter2""#).unwrap_err();
        assert!(error.contains(r#"{"text": …}"#) && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn anything_else_is_refused_with_the_known_modes() {
        for json in ["5", "null", "[1]", "{}", r#"{"texts":"a"}"#, r#"{"text":"a","bytes":""}"#] {
            let error = read(json).unwrap_err();
            assert!(error.contains("\"pipe\"") && error.contains("base64"), "{json}: {error}");
        }
    }
}
