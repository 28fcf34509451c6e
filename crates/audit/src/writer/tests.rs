use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use crate::{Error, Logs, Reader, Summary, Writer};

fn logs(folder: &Path) -> Logs {
    Logs::new(folder.join("audit"))
}

fn summary(logs: &Logs) -> Summary {
    Reader::open(logs, "m", None).unwrap().finish().unwrap()
}

fn append(logs: &Logs, count: u64) {
    let mut writer = Writer::open(logs.clone(), "m").unwrap();
    for number in 0..count {
        writer
            .append(&json!({"kind": "test", "number": number}))
            .unwrap();
    }
}

#[test]
fn a_log_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let logs = logs(folder.path());
    append(&logs, 3);
    append(&logs, 2);
    assert_eq!(summary(&logs).count, 5);
    assert_eq!(logs.ids().unwrap(), ["m"]);
    let other = Writer::open(logs.clone(), "m").unwrap();
    assert!(matches!(
        Writer::open(logs.clone(), "m"),
        Err(Error::Busy { .. })
    ));
    drop(other);
    assert!(logs.remove("m").unwrap());
    assert!(matches!(
        Reader::open(&logs, "m", None),
        Err(Error::Absent { .. })
    ));
}

#[test]
fn a_changed_last_line_is_no_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let logs = logs(folder.path());
    append(&logs, 2);
    let path = logs.path("m");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"number\":1", "\"number\":2")).unwrap();
    assert!(matches!(
        Writer::open(logs.clone(), "m"),
        Err(Error::End { .. })
    ));
    let broken = Reader::open(&logs, "m", None)
        .unwrap()
        .finish()
        .unwrap_err();
    assert!(matches!(broken, Error::Broken { line: 2, .. }), "{broken}");
}

#[test]
fn full_parts_follow_each_other_and_the_oldest_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let logs = logs(folder.path());
    let mut writer = Writer::open(logs.clone(), "m").unwrap();
    (writer.full, writer.most_parts) = (1000, 2);
    let mut follower = None;
    let mut followed = 0;
    for number in 0..40 {
        writer
            .append(&json!({"kind": "test", "number": number}))
            .unwrap();
        let follower = follower.get_or_insert_with(|| Reader::open(&logs, "m", None).unwrap());
        while follower.next_record().unwrap().is_some() {
            followed += 1;
        }
    }
    drop(writer);
    let whole = summary(&logs);
    assert!(whole.first > 1 && whole.count > 40, "{whole:?}");
    assert_eq!(followed, whole.count);
    let mut names: Vec<_> = fs::read_dir(logs.folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3);
    // It goes on from a part that was full when the process died.
    fs::remove_file(logs.path("m")).unwrap();
    append(&logs, 1);
    let reader = Reader::open(&logs, "m", None).unwrap();
    // The note of what was dropped went with the file: that is told.
    assert!(matches!(
        reader.finish(),
        Err(Error::Broken { line: 1, .. })
    ));
}

#[test]
fn what_could_not_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let logs = logs(folder.path());
    let mut writer = Writer::open(logs.clone(), "m").unwrap();
    writer.append(&json!({"kind": "test"})).unwrap();
    writer.lost = 4;
    writer.append(&json!({"kind": "test"})).unwrap();
    let mut reader = Reader::open(&logs, "m", None).unwrap();
    let mut kinds = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        kinds.push(record.event);
    }
    assert_eq!(kinds[1], json!({"kind": "lost", "events": 4}));
    assert_eq!(kinds.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// The death of a process in the middle of a write, at any byte.
    #[test]
    fn a_torn_line_is_no_tampering(count in 1_u64..4, keep in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let logs = logs(folder.path());
        append(&logs, count);
        let before = fs::read(logs.path("m")).unwrap();
        append(&logs, 1);
        let after = fs::read(logs.path("m")).unwrap();
        let keep = before.len() + keep.index(after.len() - before.len());
        fs::write(logs.path("m"), &after[..keep]).unwrap();
        let torn = (keep - before.len()) as u64;
        prop_assert_eq!(summary(&logs).torn, torn);
        append(&logs, 1);
        let whole = summary(&logs);
        prop_assert_eq!(whole.torn, 0);
        // The torn line is noted, unless only its end was missing.
        let noted = fs::read_to_string(logs.path("m")).unwrap().contains("torn");
        prop_assert_eq!(noted, torn > 0 && keep + 1 < after.len());
        prop_assert_eq!(whole.count, count + 1 + u64::from(torn > 0));
    }
}
