//! The forms in which a secret may appear in output.
//!
//! Programs often print secrets in encoded form: in an HTTP client's `Basic` header (base64, at a shift that
//! depends on the user name before it), a URL (percent-encoded), a JSON document, a shell trace, a dump.
//! The list began with the encoders of GitHub's Actions runner (`ValueEncoders.cs`). Forms that are equal are
//! one: an ordinary token only has its own, base64, hex and UTF-16.
//!
//! Not covered: base64 or hex with anything in between, escapes of characters that need none, and any form
//! that mixes two encodings.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::entities::entities;
use super::escapes::{json_escaped, source_escaped};
use super::shell_quotes::shell_quoted;

/// Base64 of fewer bytes is left out. The part that is recognisable whatever surrounds the secret is then
/// under seven characters (for three bytes, three): short enough to occur by chance in hashes, keys and
/// ordinary words. Those would be masked, and each mask would hint at the secret.
pub(super) const MIN_BASE64_SECRET: usize = 6;

/// Hex of fewer bytes is left out: under eight digits, it would occur by chance in hashes.
const MIN_HEX_SECRET: usize = 4;

/// A longer secret (a key in a file) has no forms of source code and HTML, and only the common ones of URLs
/// and JSON: with all dialects, they could take hundreds of times its size.
const MAX_IN_ALL_DIALECTS: usize = 4096;

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Every form of `secret`, without line ends at its edges (a secret read from a file often has one, its
/// output often not), each line break inside as `\n`. Empty for a secret of fewer than two characters: it
/// would mask most of the output and hide nothing.
pub(super) fn forms(secret: &str) -> BTreeSet<Vec<u8>> {
    let secret = secret.trim_matches(['\r', '\n']);
    let mut forms = BTreeSet::new();
    if secret.chars().nth(1).is_none() {
        return forms;
    }
    let is_long = secret.len() > MAX_IN_ALL_DIALECTS;
    let unix = secret.replace("\r\n", "\n");
    let windows = unix.replace('\n', "\r\n");
    for text in BTreeSet::from([secret, &unix, &windows]) {
        forms.extend(utf16_encoded(text));
        if text.len() >= MIN_HEX_SECRET {
            forms.extend(hex_encoded(text.as_bytes()));
        }
        if text.len() >= MIN_BASE64_SECRET {
            forms.extend(base64_encoded(text.as_bytes()));
        }
    }
    // No quoting changes these.
    if !unix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        // `echo $KEY` without quotes: the shell splits at line breaks and tabs, and joins with spaces.
        forms.insert(unix.replace('\n', " ").into_bytes());
        forms.insert(unix.replace(['\n', '\t'], " ").into_bytes());
        for text in BTreeSet::from([secret, &unix, &windows]) {
            percent_encoded(text, if is_long { &KEPT_IN_URLS[..3] } else { &KEPT_IN_URLS }, &mut forms);
            json_escaped(text, is_long, &mut forms);
        }
        shell_quoted(&unix, &mut forms);
        forms.extend([unix.replace('"', "\"\""), unix.replace('\'', "''")].map(String::into_bytes));
        if !is_long {
            for text in BTreeSet::from([secret, &unix]) {
                source_escaped(text, &mut forms);
                entities(text, &mut forms);
            }
        }
        // The matcher takes each `\n` for `\r\n` too, and no line end at the edges, such as in half a
        // character of UTF-16.
        let is_end = |byte: Option<&u8>| matches!(byte, Some(b'\r' | b'\n'));
        forms.retain(|form| {
            !is_end(form.first()) && !is_end(form.last()) && !form.windows(2).any(|pair| pair == b"\r\n")
        });
    }
    forms.insert(unix.into_bytes());
    forms
}

/// The characters that depend on the secret alone, for each of the three positions at which it may begin in a
/// group of three bytes; and the whole encoding of the secret by itself, whose last character holds its last
/// bits. At the other shifts, the characters at the edges include bits of neighbouring bytes and stay: they
/// reveal at most four bits at each end.
fn base64_encoded(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::with_capacity(8);
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] as [&GeneralPurpose; 2] {
        forms.push(engine.encode(secret).into_bytes());
        for shift in 0..3 {
            let shifted = [&[0; 2][..shift], secret].concat();
            let own = (shift * 8).div_ceil(6)..shifted.len() * 8 / 6;
            forms.push(engine.encode(&shifted).as_bytes()[own].to_vec());
        }
    }
    forms
}

/// What stays as it is in a URL, besides letters and digits; and whether a space becomes `+`.
const KEPT_IN_URLS: [(&[u8], bool); 11] = [
    (b"-._~", false),                     // RFC 3986
    (b"-._~!'()*", false),                // `encodeURIComponent`
    (b"-._*", true),                      // HTML's forms
    (b"-._~/", false),                    // Python's `quote`
    (b"-._~", true),                      // Python's `quote_plus`
    (b"-._~!'()*;,/?:@&=+$#", false),     // `encodeURI`
    (b"-._~!$%&'()*+,", false),           // a URL's user and password, as browsers write them
    (b"-._~!$%&'()*+,/:;=@[]|\\", false), // its path
    (b"-._~!$%&'()*+,/:;=@[]|\\^", false),
    (b"-._~!$%&()*+,/:;=@[]|\\^?`{}", false), // its query
    (b"-._~!$%&'()*+,/:;=@[]|\\^?`{}", false),
];

/// In both hex cases.
fn percent_encoded(text: &str, kept: &[(&[u8], bool)], forms: &mut BTreeSet<Vec<u8>>) {
    for &(keep, plus_for_space) in kept {
        for digits in [UPPER, LOWER] {
            let mut form = Vec::with_capacity(text.len() * 3);
            for &byte in text.as_bytes() {
                match byte {
                    b' ' if plus_for_space => form.push(b'+'),
                    _ if byte.is_ascii_alphanumeric() || keep.contains(&byte) => form.push(byte),
                    _ => form.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]),
                }
            }
            forms.insert(form);
        }
    }
}

/// Each byte in two digits, in both cases.
fn hex_encoded(bytes: &[u8]) -> [Vec<u8>; 2] {
    [LOWER, UPPER].map(|digits| {
        bytes.iter().flat_map(|byte| [byte >> 4, byte & 15].map(|half| digits[usize::from(half)])).collect()
    })
}

/// In both byte orders. Zeros at the edges are left out: for ASCII, both orders are then the same form.
fn utf16_encoded(text: &str) -> [Vec<u8>; 2] {
    let mut little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    little.pop_if(|last| *last == 0);
    if big.first() == Some(&0) {
        big.remove(0);
    }
    [little, big]
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn has(secret: &str, form: &str) -> bool {
        forms(secret).contains(form.as_bytes())
    }

    #[test]
    fn an_ordinary_token_has_few_forms() {
        assert!(has("hunter2hunter2", "hunter2hunter2"));
        assert_eq!(forms("hunter2hunter2").len(), 1 + 4 + 2 + 1, "{:?}", forms("hunter2hunter2"));
    }

    #[test]
    fn a_secret_under_six_bytes_has_no_base64() {
        assert!(!has("hunt2", "aHVudDI") && has("hunt22", "aHVudDIy"));
    }

    #[test]
    fn a_secret_under_two_characters_has_no_form() {
        for secret in ["", "a", "é", "\r\n\n", "a\n"] {
            assert!(forms(secret).is_empty(), "{secret:?}");
        }
    }

    #[test]
    fn percent_encoding_comes_in_both_hex_cases_and_all_three_dialects() {
        for form in ["p%2Fw+%27%7E", "p%2fw+%27%7e", "p%2Fw%20'~", "p%2Fw%20%27~"] {
            assert!(has("p/w '~", form), "{form}");
        }
    }

    #[test]
    fn json_has_its_line_breaks_in_both_forms() {
        assert!(has("a\r\nb", r"a\r\nb") && has("a\r\nb", r"a\nb"));
    }

    #[test]
    fn hex_comes_in_both_cases_from_four_bytes_on() {
        assert!(has("jklm", "6a6b6c6d") && has("jklm", "6A6B6C6D"));
        assert_eq!(forms("jkl"), BTreeSet::from([b"jkl".to_vec(), b"j\0k\0l".to_vec()]));
    }

    #[test]
    fn utf16_comes_in_both_byte_orders() {
        for form in [&b"a\0b\0\xac\x20"[..], b"a\0b\x20\xac"] {
            assert!(forms("ab€").contains(form), "{form:?}");
        }
    }

    #[test]
    fn quotes_are_doubled_as_in_csv_and_sql() {
        assert!(has("a\"b", "a\"\"b") && has("a'b", "a''b"));
    }

    #[test]
    fn a_very_long_secret_has_few_forms() {
        let secret = "\"é'<\n \\&".repeat(8192);
        let size: usize = forms(&secret).iter().map(Vec::len).sum();
        assert!(size < 100 * secret.len(), "{} times its size", size / secret.len());
    }

    proptest! {
        #[test]
        fn no_form_has_a_line_end_at_its_edges_or_is_of_one_byte(secret in "(?s)[\\x01-\\x7f\u{a0d}\u{d0a}é]{0,8}") {
            for form in forms(&secret) {
                let ends = [form[0], form[form.len() - 1]];
                prop_assert!(form.len() >= 2 && ends.iter().all(|end| !b"\r\n".contains(end)), "{:?}", form);
            }
        }
    }

    #[test]
    fn line_breaks_become_spaces_in_an_unquoted_echo() {
        assert!(has("one\r\ntwo\n", "one two") && has("one\r\ntwo\n", "one\ntwo"));
    }

    #[test]
    fn a_quote_appears_as_a_shell_writes_it() {
        assert!(has("it's", r"it'\''s"));
    }

    proptest! {
        #[test]
        fn base64_of_any_text_around_a_secret_holds_one_of_its_forms(
            before in prop::collection::vec(any::<u8>(), 0..8),
            secret in "[ -~é€]{6,20}",
            after in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let forms = forms(&secret);
            let whole = [&before, secret.as_bytes(), &after].concat();
            for engine in [&STANDARD, &URL_SAFE] {
                let text = engine.encode(&whole);
                let found = forms.iter().any(|form| memchr::memmem::find(text.as_bytes(), form).is_some());
                prop_assert!(found, "{}", text);
            }
        }
    }
}
