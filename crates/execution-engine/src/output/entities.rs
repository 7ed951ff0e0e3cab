//! Character references: how HTML and XML write text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What stands for `&`, `<`, `>`, `"` and `'`.
const NAMED: [[&str; 5]; 13] = [
    ["&amp;", "&lt;", "&gt;", "\"", "'"],
    ["&amp;", "&lt;", ">", "\"", "'"],
    ["&amp;", "<", ">", "&quot;", "'"],
    ["&amp;", "&lt;", ">", "&quot;", "'"],
    ["&amp;", "&lt;", "&gt;", "&quot;", "'"],
    ["&amp;", "&lt;", "&gt;", "\"", "&apos;"],
    ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"],
    ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"],
    ["&amp;", "&lt;", "&gt;", "&quot;", "&#039;"],
    ["&amp;", "&lt;", "&gt;", "&quot;", "&#x27;"],
    ["&amp;", "&lt;", "&gt;", "&#34;", "&#39;"],
    ["&#38;", "&#60;", "&#62;", "&#34;", "&#39;"],
    ["&#x26;", "&#x3c;", "&#x3e;", "&#x22;", "&#x27;"],
];

/// How another character is written.
#[derive(Clone, Copy)]
enum Number {
    Kept,
    Decimal,
    Lower,
    Upper,
}

const NUMBERS: [Number; 4] = [Number::Kept, Number::Decimal, Number::Lower, Number::Upper];

/// In text and in attributes: line breaks and tabs kept or not, and characters beyond ASCII kept or not.
pub(super) fn entities(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let choices = |has: bool| if has { &NUMBERS[..] } else { &NUMBERS[..1] };
    for names in NAMED {
        for &control in choices(text.chars().any(|c| c.is_ascii_control())) {
            for &wide in choices(!text.is_ascii()) {
                let form = referenced(text, names, control, wide);
                if names[1] == "&#x3c;" {
                    forms.insert(form.replace("&#x3c;", "&#x3C;").replace("&#x3e;", "&#x3E;").into_bytes());
                }
                forms.insert(form.into_bytes());
            }
        }
    }
}

fn referenced(text: &str, names: [&str; 5], control: Number, wide: Number) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match "&<>\"'".find(c) {
            Some(at) => out.push_str(names[at]),
            None if c.is_ascii_control() => push_number(&mut out, c, control),
            None if !c.is_ascii() => push_number(&mut out, c, wide),
            None => out.push(c),
        }
    }
    out
}

fn push_number(out: &mut String, c: char, number: Number) {
    let point = u32::from(c);
    // Writing to a string cannot fail.
    let _ = match number {
        Number::Kept => out.write_char(c),
        Number::Decimal => write!(out, "&#{point};"),
        Number::Lower => write!(out, "&#x{point:x};"),
        Number::Upper => write!(out, "&#x{point:X};"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_the_quotes_and_what_is_beyond_ascii_come_as_the_common_writers_have_them() {
        let mut forms = BTreeSet::new();
        entities("a&<>\"'\né", &mut forms);
        for form in [
            "a&amp;&lt;&gt;\"'\né",
            "a&amp;&lt;&gt;&quot;&#x27;\né",
            "a&amp;&lt;&gt;&quot;&apos;&#10;é",
            "a&amp;&lt;&gt;&quot;&#039;\n&#233;",
            "a&#38;&#60;&#62;&#34;&#39;&#xA;&#xE9;",
            "a&#x26;&#x3c;&#x3e;&#x22;&#x27;\n&#xe9;",
            "a&#x26;&#x3C;&#x3E;&#x22;&#x27;\n&#xE9;",
        ] {
            assert!(forms.contains(form.as_bytes()), "{form}");
        }
    }
}
