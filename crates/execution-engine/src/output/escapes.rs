//! Backslash escapes: how programming languages, JSON and debuggers write text between quotes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How a language writes a character that cannot stand for itself.
#[derive(Clone, Copy)]
enum Code {
    /// `\303\251`: each byte.
    Octal,
    /// `\351`: up to a byte, else as with [`Code::HexBraces`].
    ShortOctal,
    /// `\xc3\xa9`: each byte.
    Bytes,
    /// `\xe9`, `\u20ac`, `\U0001f600`: the shortest that fits.
    Point,
    /// `\u00e9`, `\ud83d\ude00`: each unit of UTF-16.
    Units,
    /// `\u{e9}`
    Braces,
    /// `\x{e9}`
    HexBraces,
}

/// The control characters with a letter of their own, the code of all others, and whether its digits are in
/// upper case.
type Dialect = (&'static str, Code, bool);

const JSON: [Dialect; 2] = [("nrtbf", Code::Units, false), ("nrtbf", Code::Units, true)];

const DIALECTS: [Dialect; 16] = [
    ("nrt", Code::Point, false),      // Python
    ("nrt", Code::Point, true),       //
    ("nrt", Code::Bytes, false),      // Python's bytes
    ("nrtbf", Code::Bytes, true),     // Node
    ("nrtabfv", Code::Bytes, false),  // Go
    ("nrtabfv", Code::Point, false),  // Go, ASCII only
    ("nrtabfv", Code::Octal, false),  // C, Git, coreutils
    ("nrtabfvE", Code::Octal, false), // bash
    ("nrtabfe", Code::Octal, false),  // Perl
    ("nrtabfe", Code::ShortOctal, false),
    ("nrtabfe", Code::HexBraces, false),
    ("nrtabfve", Code::Bytes, true), // Ruby
    ("nrtabfve", Code::Units, true),
    ("nrt", Code::Braces, false), // Rust
    JSON[0],
    JSON[1],
];

/// What gets a backslash: nothing but itself, the quotes in use, and what the language would expand in them
/// (Perl), or the space (`ls -b`).
const MARKED: [&str; 6] = ["\\", "\\'", "\\\"", "\\'\"", "\\\"$@", "\\ "];

/// What a JSON writer may escape as `\u`: nothing, what is special in HTML (Go), in HTML's attributes
/// (Django), whatever any context could misread (.NET).
const JSON_CODED: [&str; 4] = ["", "<>&", "<>&'", "<>&'\"+`"];

/// As written in source code and by debuggers.
pub(super) fn source_escaped(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let has_code = text.chars().any(|c| !c.is_ascii() || (c.is_control() && !"\n\r\t".contains(c)));
    let dialects = if has_code { &DIALECTS[..] } else { &DIALECTS[..1] };
    for marked in MARKED {
        for &dialect in dialects {
            for ascii in ascii_or_not(text) {
                forms.insert(escaped(text, marked, "", dialect, *ascii).into_bytes());
            }
        }
    }
    // Line breaks are kept: Perl's and fish's single quotes, `addslashes`, a shell's double quotes.
    for marked in ["\\'", "\\\"", "\\'\"", "\\\"$`"] {
        forms.insert(marked_only(text, marked).into_bytes());
    }
}

/// Inside a JSON string, with `/` escaped or not (PHP), with everything beyond ASCII escaped or not (Python).
/// `common`: without the dialects of single frameworks.
pub(super) fn json_escaped(text: &str, common: bool, forms: &mut BTreeSet<Vec<u8>>) {
    let (coded, dialects) =
        if common { (&JSON_CODED[..2], &JSON[..1]) } else { (&JSON_CODED[..], &JSON[..]) };
    for coded in coded {
        for &dialect in dialects {
            for marked in ["\\\"", "\\\"/"] {
                for ascii in ascii_or_not(text) {
                    forms.insert(escaped(text, marked, coded, dialect, *ascii).into_bytes());
                }
            }
        }
    }
}

/// `text` with a backslash before each of these characters.
pub(super) fn marked_only(text: &str, marked: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if marked.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A character as C and the shells' `$'…'` write it.
pub(super) fn push_c_escape(out: &mut String, c: char) {
    match letter(c, "nrtabfv") {
        Some(letter) => out.extend(['\\', letter]),
        None => push_code(out, c, Code::Octal, false),
    }
}

/// Whether to escape everything beyond ASCII: only a question if there is any.
fn ascii_or_not(text: &str) -> &'static [bool] {
    if text.is_ascii() { &[false] } else { &[false, true] }
}

fn escaped(text: &str, marked: &str, coded: &str, (letters, code, upper): Dialect, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if coded.contains(c) || (ascii && !c.is_ascii()) {
            push_code(&mut out, c, code, upper);
        } else if marked.contains(c) {
            out.extend(['\\', c]);
        } else if !c.is_ascii_control() {
            out.push(c);
        } else if let Some(letter) = letter(c, letters) {
            out.extend(['\\', letter]);
        } else {
            push_code(&mut out, c, code, upper);
        }
    }
    out
}

/// The letter that stands for a control character, if the language has it.
fn letter(c: char, letters: &str) -> Option<char> {
    let own = match c {
        '\n' => "n",
        '\r' => "r",
        '\t' => "t",
        '\x07' => "a",
        '\x08' => "b",
        '\x0b' => "v",
        '\x0c' => "f",
        '\x1b' => "eE",
        _ => "",
    };
    own.chars().find(|&letter| letters.contains(letter))
}

fn push_code(out: &mut String, c: char, code: Code, upper: bool) {
    let point = u32::from(c);
    let mut utf8 = [0; 4];
    match code {
        Code::Octal => {
            for byte in c.encode_utf8(&mut utf8).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\{byte:03o}");
            }
        }
        Code::ShortOctal if point <= 0xff => {
            let _ = write!(out, "\\{point:o}");
        }
        Code::Bytes => {
            for byte in c.encode_utf8(&mut utf8).bytes() {
                push_hex(out, "\\x", u32::from(byte), 2, upper);
            }
        }
        Code::Point if point <= 0xff => push_hex(out, "\\x", point, 2, upper),
        Code::Point if point <= 0xffff => push_hex(out, "\\u", point, 4, upper),
        Code::Point => push_hex(out, "\\U", point, 8, upper),
        Code::Units => {
            for &mut unit in c.encode_utf16(&mut [0; 2]) {
                push_hex(out, "\\u", u32::from(unit), 4, upper);
            }
        }
        Code::Braces => {
            push_hex(out, "\\u{", point, 0, upper);
            out.push('}');
        }
        Code::ShortOctal | Code::HexBraces => {
            push_hex(out, "\\x{", point, 0, upper);
            out.push('}');
        }
    }
}

fn push_hex(out: &mut String, prefix: &str, number: u32, width: usize, upper: bool) {
    out.push_str(prefix);
    let _ = if upper { write!(out, "{number:0width$X}") } else { write!(out, "{number:0width$x}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_has(forms: &BTreeSet<Vec<u8>>, expected: &[&str]) {
        for form in expected {
            assert!(forms.contains(form.as_bytes()), "{form}");
        }
    }

    #[test]
    fn json_comes_as_the_common_writers_escape_it() {
        let mut forms = BTreeSet::new();
        json_escaped("a\"<é/\nb'+", false, &mut forms);
        let expected = [
            r#"a\"<é/\nb'+"#,
            r#"a\"\u003cé/\nb'+"#,
            r#"a\"<\u00e9/\nb'+"#,
            r#"a\"<\u00E9\/\nb'+"#,
            r"a\u0022\u003C\u00E9/\nb\u0027\u002B",
        ];
        assert_has(&forms, &expected);
        json_escaped("\u{1F600}!\x01", false, &mut forms);
        assert_has(&forms, &[r"\ud83d\ude00!\u0001", r"\uD83D\uDE00!\u0001"]);
    }

    #[test]
    fn source_code_comes_in_the_escapes_of_the_common_languages() {
        let mut forms = BTreeSet::new();
        source_escaped("a'b\"\\é\n\x1b$", &mut forms);
        let expected = [
            r#"a'b"\\é\n\x1b$"#,
            r#"a\'b"\\\xe9\n\x1b$"#,
            r#"a\'b"\\\xE9\n\x1B$"#,
            r#"a'b\"\\\303\251\n\033$"#,
            r#"a\'b"\\\303\251\n\E$"#,
            r#"a'b\"\\\x{e9}\n\e\$"#,
            r#"a'b\"\\\351\n\e\$"#,
            r#"a'b\"\\é\n\u{1b}$"#,
            r#"a\'b\"\\\u00e9\n\u001b$"#,
            "a'b\\\"\\\\é\n\x1b\\$",
        ];
        assert_has(&forms, &expected);
        source_escaped("€\u{1F600}", &mut forms);
        assert_has(&forms, &[r"\u20ac\U0001f600", r"\u20AC\U0001F600", r"\xe2\x82\xac\xf0\x9f\x98\x80"]);
    }
}
