//! How shells, and programs that quote for one, write a word.
//!
//! Quotes at the edges are left out of a form: what surrounds the secret in the same word decides on them.

use std::collections::BTreeSet;

use super::escapes::{marked_only, push_c_escape};

/// What gets a backslash outside quotes: bash's `printf %q`, zsh's `(q)`.
const BARE: [&str; 2] = [" \t'\"\\|&;()<>!{}*[]?^$`,", " \t'\"\\|&;()<>!{}*[]?^$`#~="];

/// Quoted for a shell in each of the ways that do not escape as in C (see [`super::escapes`]).
pub(super) fn shell_quoted(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(text.replace('\'', r"'\''").into_bytes());
    forms.insert(text.replace('\'', r#"'"'"'"#).into_bytes());
    forms.insert(in_other_quotes(text).into_bytes());
    for marked in BARE {
        let form = marked_only(text, marked);
        forms.insert(form.replace('\n', r"$'\n'").into_bytes());
        // bash: a `~` that would be expanded.
        forms.insert(form.replace(":~", r":\~").replace("=~", r"=\~").into_bytes());
    }
    for escape in [|c: char| c.is_ascii_control(), |c: char| c.is_ascii_control() || !c.is_ascii()] {
        forms.insert(in_dollar_quotes(text, escape).into_bytes());
    }
}

/// Single quotes in double quotes, everything else in single quotes (dash's `set` and `export -p`).
fn in_other_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match (out.chars().next_back().map(|last| last == '\''), c == '\'') {
            (Some(false), true) => out.push_str("'\""),
            (Some(true), false) => out.push_str("\"'"),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Single quotes, and `$'…'` around each run of characters to be escaped (coreutils).
fn in_dollar_quotes(text: &str, escape: fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut in_dollar = None;
    for c in text.chars() {
        if c == '\'' {
            out.push_str(r"'\''");
            in_dollar = Some(false);
            continue;
        }
        let dollar = escape(c);
        match (in_dollar, dollar) {
            (Some(false), true) => out.push_str("'$'"),
            (Some(true), false) => out.push_str("''"),
            _ => {}
        }
        if dollar {
            push_c_escape(&mut out, c);
        } else {
            out.push(c);
        }
        in_dollar = Some(dollar);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_comes_as_the_common_shells_quote_it() {
        let mut forms = BTreeSet::new();
        shell_quoted("it''s\n\ta=~é", &mut forms);
        for form in [
            "it'\\'''\\''s\n\ta=~é",
            "it'\"'\"''\"'\"'s\n\ta=~é",
            "it'\"''\"'s\n\ta=~é",
            r"it\'\'s$'\n'\	a=~é",
            "it\\'\\'s\n\\\ta=\\~é",
            r"it'\'''\''s'$'\n\t''a=~é",
            r"it'\'''\''s'$'\n\t''a=~'$'\303\251",
        ] {
            assert!(forms.contains(form.as_bytes()), "{form:?}");
        }
        shell_quoted("'edge'", &mut forms);
        assert!(forms.contains(&b"'\"'edge'\"'"[..]));
    }
}
