//! Text from bytes that may not be UTF-8, exactly as [`String::from_utf8_lossy`] returns it, even if the
//! bytes arrive in pieces: each piece ends at a [`boundary`].

/// Appends the text of `bytes`; every maximal invalid sequence becomes one U+FFFD.
pub(super) fn push_lossy(text: &mut String, bytes: &[u8]) {
    if let Ok(valid) = simdutf8::basic::from_utf8(bytes) {
        text.push_str(valid);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// The text of `bytes`, reusing their memory if they are valid.
pub(super) fn into_lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The last position at or before `at` that cuts no character: the bytes before and after it decode to the
/// same text separately as together.
pub(super) fn boundary(bytes: &[u8], at: usize) -> usize {
    let at = at.min(bytes.len());
    // A character has at most four bytes, so an unfinished one at most three.
    let lead = (at.saturating_sub(3)..at).rev().find(|&i| !is_continuation(bytes[i]));
    match lead {
        Some(lead) if is_unfinished(&bytes[lead..at]) => lead,
        _ => at,
    }
}

/// Where the first whole character begins, in bytes that may start in the middle of one.
pub(super) fn first_whole(bytes: &[u8]) -> usize {
    bytes.iter().take(3).take_while(|&&byte| is_continuation(byte)).count()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

fn is_unfinished(sequence: &[u8]) -> bool {
    std::str::from_utf8(sequence).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lossy(bytes: &[u8]) -> String {
        let mut text = String::new();
        push_lossy(&mut text, bytes);
        text
    }

    /// Bytes rich in lead and continuation bytes, where decoders disagree.
    pub(in crate::output) fn awkward() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            Just(b'a'),
            0x80..0xC0u8,
            prop::sample::select(vec![0xC0, 0xC3, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF]),
            Just(0x90),
        ];
        prop::collection::vec(byte, 0..24)
    }

    #[test]
    fn a_cut_through_a_character_moves_before_it() {
        let euro = "a€".as_bytes();
        assert_eq!([0, 1, 2, 3, 4].map(|at| boundary(euro, at)), [0, 1, 1, 1, 4]);
        assert_eq!(boundary(b"a\x80\x80\x80\x80", 4), 4, "stray continuation bytes are no character");
        assert_eq!(first_whole(&euro[2..]), 2);
        assert_eq!(first_whole(b"abc"), 0);
    }

    proptest! {
        #[test]
        fn text_is_what_from_utf8_lossy_makes_of_it(bytes in awkward()) {
            prop_assert_eq!(lossy(&bytes), String::from_utf8_lossy(&bytes));
            prop_assert_eq!(into_lossy(bytes.clone()), String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn cut_at_a_boundary_the_text_stays_the_same(bytes in awkward(), at in 0..24usize) {
            let cut = boundary(&bytes, at);
            prop_assert!(cut <= at && at.min(bytes.len()) - cut <= 3);
            prop_assert_eq!(lossy(&bytes[..cut]) + &lossy(&bytes[cut..]), lossy(&bytes));
        }
    }
}
