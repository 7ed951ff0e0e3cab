//! However a log's bytes are damaged, nothing fails, hangs, or hides what is whole.
//!
//! Longer: `PROPTEST_CASES=100000 cargo nextest run -p execution-log damage`.

use execution_log::{LogFollower, LogHeader, LogPosition, LogReader, LogState, names};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{Logs, dead_host, footer, output, text};

/// Two parts of a log; no two lines are equal.
fn parts(logs: &Logs) -> [Vec<u8>; 2] {
    let lines = |from: usize| (from..from + 20).map(|n| output(&format!("line {n}"))).collect::<String>();
    let first = logs.header_by(1, dead_host()) + &lines(0);
    let second = logs.header_by(2, dead_host()) + &lines(20) + &footer();
    [first.into_bytes(), second.into_bytes()]
}

/// One kind of damage.
#[derive(Debug, Clone)]
enum Harm {
    Cut(usize),
    Nuls(usize, usize),
    Overwrite(usize, Vec<u8>),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = 0..2600_usize;
    let bytes = prop::collection::vec(any::<u8>(), 1..100);
    prop_oneof![
        at.clone().prop_map(Harm::Cut),
        (at.clone(), 1..10_000_usize).prop_map(|(at, count)| Harm::Nuls(at, count)),
        (at.clone(), bytes.clone()).prop_map(|(at, bytes)| Harm::Overwrite(at, bytes)),
        (at.clone(), bytes).prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
        (at, 1..300_usize).prop_map(|(at, count)| Harm::Remove(at, count)),
    ]
}

fn apply(harm: Harm, bytes: &mut Vec<u8>) {
    let within = |at: usize| at.min(bytes.len());
    match harm {
        Harm::Cut(at) => bytes.truncate(at),
        Harm::Nuls(at, count) => drop(bytes.splice(within(at)..within(at), std::iter::repeat_n(0, count))),
        Harm::Overwrite(at, with) => drop(bytes.splice(within(at)..within(at + with.len()), with)),
        Harm::Insert(at, with) => drop(bytes.splice(within(at)..within(at), with)),
        Harm::Remove(at, count) => drop(bytes.drain(within(at)..within(at + count))),
    }
}

fn write(logs: &Logs, parts: &[Vec<u8>]) {
    for (bytes, number) in parts.iter().zip(1..) {
        std::fs::write(logs.path(number), bytes).unwrap();
    }
}

fn read(logs: &Logs) -> Vec<String> {
    let reader = LogReader::open(logs.dir.path(), logs.id).unwrap();
    reader.map(|record| text(record.unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_that_is_whole_is_read_in_order(
        harms in prop::collection::vec((harm(), any::<bool>()), 0..4)
    ) {
        let logs = Logs::new();
        let mut parts = parts(&logs);
        let original = parts.concat();
        for (harm, is_second) in harms {
            apply(harm, &mut parts[usize::from(is_second)]);
        }
        write(&logs, &parts);
        let read = read(&logs);
        let mut read = read.iter();
        let lines = original.split(|byte| *byte == b'\n');
        let known: Vec<&[u8]> = lines.filter(|line| !line.starts_with(b"#")).collect();
        // One whose damaged header names another part now is taken for that.
        let names_itself = |part: &&Vec<u8>| {
            let json = part.split(|byte| *byte == b'\n').next().and_then(|line| line.strip_prefix(b"#execlog/1 "));
            let header = json.and_then(|json| serde_json::from_slice::<LogHeader>(json).ok());
            header.is_none_or(|header| header.id == logs.id && (1..=2).contains(&header.part))
        };
        for part in parts.iter().filter(names_itself) {
            let lines = part.split_inclusive(|byte| *byte == b'\n');
            let whole = lines.filter_map(|line| line.strip_suffix(b"\n"));
            for line in whole.filter(|line| !line.is_empty() && known.contains(line)) {
                let wanted = String::from_utf8_lossy(&line[31..]);
                prop_assert!(read.any(|text| *text == wanted), "hidden: {wanted}");
            }
        }
    }

    /// Anything is listed or left out, followed to an end, and hides no other log.
    #[test]
    fn any_bytes_at_all_are_listed_and_followed(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        begins_as_a_log in any::<bool>(),
    ) {
        let logs = Logs::new();
        let magic = if begins_as_a_log { "#execlog/" } else { "" };
        // With a footer that cannot be read: nothing waits for more.
        let content = [magic.as_bytes(), &bytes, b"\n#end \n"].concat();
        std::fs::write(logs.path(1), content).unwrap();
        let other = Uuid::now_v7();
        let whole = Logs { id: other, ..Logs::new() }.header(1) + &footer();
        std::fs::write(logs.dir.path().join(names::part_name(other, 1)), whole).unwrap();

        let listed = logs.folder().logs().unwrap();
        prop_assert!(listed.iter().any(|log| log.id == other && log.state == LogState::Ended));
        let damaged = listed.iter().find(|log| log.id == logs.id);
        prop_assert!(damaged.is_some() || !begins_as_a_log);
        prop_assert!(damaged.is_none_or(|log| log.state == LogState::Damaged));
        let mut follower = LogFollower::open(&logs.folder(), logs.id, LogPosition::START).unwrap();
        let page = follower.poll(10_000).unwrap();
        prop_assert!(page.at_end && page.records.len() <= bytes.len());
    }

    #[test]
    fn a_position_is_read_back_as_it_was_written(part in any::<u32>(), offset in any::<u64>()) {
        let position: LogPosition = format!("{part}:{offset}").parse().unwrap();
        prop_assert_eq!(position.to_string().parse(), Ok(position));
    }
}
