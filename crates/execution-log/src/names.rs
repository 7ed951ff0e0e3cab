//! The names of an execution's files.

use uuid::Uuid;

use crate::vocabulary::OutputStream;

/// Length of an id.
pub(crate) const ID_LEN: usize = 36;

/// A part's name: `<id>.log`, `<id>.2.log`, …
#[must_use]
pub fn part_name(id: Uuid, part: u32) -> String {
    if part == 1 { format!("{id}.log") } else { format!("{id}.{part}.log") }
}

/// The name of the file with all of a stream: `<id>.stdout`, `<id>.stderr`.
#[must_use]
pub fn spill_name(id: Uuid, stream: OutputStream) -> String {
    match stream {
        OutputStream::Stdout => format!("{id}.stdout"),
        OutputStream::Stderr => format!("{id}.stderr"),
    }
}

/// The execution that a name belongs to: `<id>.log`, `<id>.<part>.log`, `<id>.stdout`, `<id>.stderr`.
#[must_use]
pub fn owner(name: &str) -> Option<Uuid> {
    let (id, rest) = name.split_at_checked(ID_LEN)?;
    let is_ours = part_number(rest).is_some() || spill_stream(rest).is_some();
    // Canonical spelling only: any other is not ours.
    let parsed: Uuid = id.parse().ok().filter(|_| is_ours)?;
    (parsed.to_string() == id).then_some(parsed)
}

/// The part number from the rest of a name: `.log` → 1, `.7.log` → 7.
pub(crate) fn part_number(rest: &str) -> Option<u32> {
    if rest == ".log" {
        return Some(1);
    }
    let digits = rest.strip_prefix('.')?.strip_suffix(".log")?;
    digits.parse().ok().filter(|part: &u32| *part > 1 && part.to_string() == digits)
}

/// The stream from the rest of a spill file's name.
pub(crate) fn spill_stream(rest: &str) -> Option<OutputStream> {
    match rest {
        ".stdout" => Some(OutputStream::Stdout),
        ".stderr" => Some(OutputStream::Stderr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_named_as_ours_are_ours() {
        let id = Uuid::now_v7();
        for ours in [format!("{id}.log"), format!("{id}.12.log"), format!("{id}.stderr")] {
            assert_eq!(owner(&ours), Some(id), "{ours}");
        }
        let upper = id.to_string().to_uppercase();
        for foreign in
            [format!("{upper}.log"), format!("{id}.1.log"), format!("{id}.02.log"), format!("{id}.txt")]
        {
            assert_eq!(owner(&foreign), None, "{foreign}");
        }
        assert_eq!(owner("notes.log"), None);
    }
}
