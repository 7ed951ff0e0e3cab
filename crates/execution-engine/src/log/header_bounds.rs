//! Keeps a log's first line below 64 KiB, whatever was run: readers that look at a file's beginning see all
//! of it. What is shortened is recorded with its length and hash, so that it can still be compared.

use std::collections::BTreeMap;

use execution_log::{LogHeader, Shortened};
use sha2::{Digest, Sha256};

/// Limits in bytes of JSON, where a control character takes six. Together they leave room for the rest.
const WORD: usize = 4 * 1024;
const COMMAND: usize = 8 * 1024;
const ARGV: usize = 24 * 1024;
const ENV_NAMES: usize = 8 * 1024;
const TAGS: usize = 8 * 1024;
/// Each word's quotes and comma, or colon.
const PUNCTUATION: usize = 3;

/// Shortens whatever is too long in a header. Secrets are masked by then.
pub(super) fn bound(header: &mut LogHeader) {
    let LogHeader { command, argv, working_dir, env_names, metadata, shortened, .. } = header;
    bound_text("command", command, COMMAND, shortened);
    bound_list("argv", argv, ARGV, shortened);
    bound_list("env_names", env_names, ENV_NAMES, shortened);
    for (name, text) in [
        ("working_dir", working_dir),
        ("metadata.source", &mut metadata.source),
        ("metadata.conversation_id", &mut metadata.conversation_id),
    ] {
        if let Some(text) = text {
            bound_text(name, text, WORD, shortened);
        }
    }
    let mut tags: Vec<_> = std::mem::take(&mut metadata.tags).into_iter().flat_map(<[_; 2]>::from).collect();
    bound_list("metadata.tags", &mut tags, TAGS, shortened);
    let mut tags = tags.into_iter();
    metadata.tags = std::iter::from_fn(|| Some((tags.next()?, tags.next()?))).collect();
}

fn bound_text(name: &str, text: &mut String, max: usize, shortened: &mut BTreeMap<String, Shortened>) {
    if let Some(cut) = shorten(text, max) {
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        shortened.insert(name.to_owned(), Shortened::new(text.len() as u64, None, sha256));
        *text = cut;
    }
}

/// Shortens words, and leaves out the last ones.
fn bound_list(name: &str, words: &mut Vec<String>, max: usize, shortened: &mut BTreeMap<String, Shortened>) {
    let mut left = max;
    let bounded: Vec<_> = words
        .iter()
        .map_while(|word| {
            let cut = shorten(word, WORD);
            left = left.checked_sub(PUNCTUATION + json_len(cut.as_ref().unwrap_or(word)))?;
            Some(cut)
        })
        .collect();
    if bounded.len() == words.len() && bounded.iter().all(Option::is_none) {
        return;
    }
    let mut hash = Sha256::new();
    for word in words.iter() {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let bytes = words.iter().map(|word| word.len() as u64).sum();
    let whole = Shortened::new(bytes, Some(words.len() as u64), hex(&hash.finalize()));
    shortened.insert(name.to_owned(), whole);
    words.truncate(bounded.len());
    for (word, cut) in words.iter_mut().zip(bounded) {
        if let Some(cut) = cut {
            *word = cut;
        }
    }
}

/// The beginning of a text and `…`, if it takes more than `max` bytes of JSON.
pub(super) fn shorten(text: &str, max: usize) -> Option<String> {
    let (mut used, mut end) = (0, 0);
    for (index, character) in text.char_indices() {
        if used + '…'.len_utf8() <= max {
            end = index;
        }
        used += json_width(character);
        if used > max {
            return Some(format!("{}…", &text[..end]));
        }
    }
    None
}

fn json_len(text: &str) -> usize {
    text.chars().map(json_width).sum()
}

/// How many bytes JSON takes for a character.
fn json_width(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_length_matches_the_count() {
        for character in (0..0x1_0000).filter_map(char::from_u32) {
            let json = serde_json::to_string(&character).unwrap();
            assert_eq!(json_width(character), json.len() - 2, "{character:?}");
        }
    }

    #[test]
    fn short_text_is_kept_and_long_text_is_cut_between_characters() {
        assert_eq!(shorten("abcdef", 6), None);
        assert_eq!(shorten("abcdefg", 6).as_deref(), Some("abc…"));
        assert_eq!(shorten("äöüé", 6).as_deref(), Some("ä…"));
        assert_eq!(shorten("\u{1}\u{1}", 9).as_deref(), Some("\u{1}…"));
    }
}
