//! The forms in which a secret may appear in output.
//!
//! Programs often print secrets in encoded form: in an HTTP client's `Basic` header (base64, at a shift that
//! depends on the user name before it), a URL (percent-encoded), a JSON document, a shell trace. The list
//! follows the encoders of GitHub's Actions runner (`ValueEncoders.cs`).
//!
//! Not covered: base64 with line breaks inside, and any form that mixes two encodings.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Base64 of fewer bytes is left out. The part that is recognisable whatever surrounds the secret is then
/// under seven characters (for three bytes, three): short enough to occur by chance in hashes, keys and
/// ordinary words. Those would be masked, and each mask would hint at the secret.
pub(super) const MIN_BASE64_SECRET: usize = 6;

/// Every form of `secret`, without line ends at its edges (a secret read from a file often has one, its
/// output often not), each line break inside as `\n`. Empty for a secret of fewer than two characters: it
/// would mask most of the output and hide nothing.
pub(super) fn forms(secret: &str) -> BTreeSet<Vec<u8>> {
    let secret = secret.trim_matches(['\r', '\n']);
    let mut forms = BTreeSet::new();
    if secret.chars().nth(1).is_none() {
        return forms;
    }
    let unix = secret.replace("\r\n", "\n");
    let windows = unix.replace('\n', "\r\n");
    forms.insert(unix.replace('\'', r"'\''").into_bytes());
    // `echo $KEY` without quotes: the shell splits at line breaks and joins with spaces.
    forms.insert(unix.split('\n').collect::<Vec<_>>().join(" ").into_bytes());
    for text in [secret, &unix, &windows] {
        forms.extend(percent_encoded(text));
        forms.extend(json_escaped(text));
        if text.len() >= MIN_BASE64_SECRET {
            forms.extend(base64_encoded(text.as_bytes()));
        }
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

/// As in RFC 3986, as `encodeURIComponent` does it, and as HTML forms do; in both hex cases.
fn percent_encoded(text: &str) -> Vec<Vec<u8>> {
    let keep_sets: [(&[u8], bool); 3] = [(b"-._~", false), (b"-._~!'()*", false), (b"-._*", true)];
    let mut forms = Vec::with_capacity(6);
    for (keep, plus_for_space) in keep_sets {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let mut form = Vec::with_capacity(text.len() * 3);
            for &byte in text.as_bytes() {
                match byte {
                    b' ' if plus_for_space => form.push(b'+'),
                    _ if byte.is_ascii_alphanumeric() || keep.contains(&byte) => form.push(byte),
                    _ => form.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]),
                }
            }
            forms.push(form);
        }
    }
    forms
}

/// Inside a JSON string: the least escaping; `/` escaped too (PHP); `<`, `>`, `&` escaped (Go);
/// everything beyond ASCII escaped (Python), also with the `/` (PHP's default).
fn json_escaped(text: &str) -> Vec<Vec<u8>> {
    let mut least = serde_json::Value::from(text).to_string();
    least.pop();
    least.remove(0);
    let html = least.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let mut ascii = String::with_capacity(least.len());
    for c in least.chars() {
        if c.is_ascii() {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    let slashes = [&least, &ascii].map(|form| form.replace('/', "\\/"));
    [least, html, ascii].into_iter().chain(slashes).map(String::into_bytes).collect()
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
    fn an_ordinary_token_has_its_plain_form_and_base64_only() {
        assert!(has("hunter2hunter2", "hunter2hunter2"));
        assert_eq!(forms("hunter2hunter2").len(), 1 + 4, "{:?}", forms("hunter2hunter2"));
    }

    #[test]
    fn a_secret_under_six_bytes_has_no_base64() {
        assert_eq!(forms("hunt2"), BTreeSet::from([b"hunt2".to_vec()]));
        assert!(forms("hunt22").len() > 1);
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
    fn json_comes_as_the_common_writers_escape_it() {
        for form in [r#"a\"<é/\n"#, r#"a\"\u003cé/\n"#, r#"a\"<\u00e9/\n"#, r#"a\"<\u00e9\/\n"#] {
            assert!(has("a\"<é/\nb", &format!("{form}b")), "{form}");
        }
        assert!(has("a\r\nb", r"a\r\nb") && has("a\r\nb", r"a\nb"));
        assert!(has("\u{1F600}!", r"\ud83d\ude00!"));
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
