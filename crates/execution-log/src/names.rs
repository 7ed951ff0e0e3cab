//! What the files of a log are called.

use std::path::Path;

use uuid::Uuid;

use crate::vocabulary::OutputStream;

/// `<id>.log`, `<id>.2.log`, …
#[must_use]
pub fn part_name(id: Uuid, part: u32) -> String {
    if part == 1 { format!("{id}.log") } else { format!("{id}.{part}.log") }
}

/// `<id>.stdout`, `<id>.stderr`.
#[must_use]
pub fn spill_name(id: Uuid, stream: OutputStream) -> String {
    match stream {
        OutputStream::Stdout => format!("{id}.stdout"),
        OutputStream::Stderr => format!("{id}.stderr"),
    }
}

/// Whose file a name says it is: `<id>.log`, `<id>.<part>.log`, `<id>.stdout`, `<id>.stderr`.
#[must_use]
pub fn owner(name: &str) -> Option<Uuid> {
    let (id, rest) = name.split_at_checked(36)?;
    let is_ours = matches!(rest, ".log" | ".stdout" | ".stderr") || part_number(rest).is_some();
    // Canonical spelling only: another one would not be ours.
    let parsed: Uuid = id.parse().ok().filter(|_| is_ours)?;
    (parsed.to_string() == id).then_some(parsed)
}

/// `.7.log` → 7.
#[must_use]
pub fn part_number(rest: &str) -> Option<u32> {
    let digits = rest.strip_prefix('.')?.strip_suffix(".log")?;
    digits.parse().ok().filter(|part: &u32| *part > 1 && part.to_string() == digits)
}

/// The numbers of the parts that are there.
#[must_use]
pub fn parts(folder: &Path, id: Uuid) -> Vec<u32> {
    let names = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| {
            let rest = name.to_str()?.strip_prefix(&id.to_string())?.to_owned();
            if rest == ".log" { Some(1) } else { part_number(&rest) }
        })
        .collect()
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
