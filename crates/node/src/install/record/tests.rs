use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::error::Error;
use super::super::plan::Change;
use super::{Record, lock};

fn change(before: Option<&str>, after: Option<&str>) -> Change {
    Change {
        path: "/etc/f".into(),
        before: before.map(Into::into),
        after: after.map(Into::into),
        why: "a test".into(),
        step: None,
    }
}

#[test]
fn the_first_text_is_kept_over_several_installations() {
    let mut record = Record::new("/".as_ref());
    record.add(&change(Some("theirs"), Some("ours")));
    record.add(&change(Some("ours"), Some("ours, too")));
    let entry = &record.files[0];
    assert_eq!(
        (record.files.len(), entry.before.as_deref(), entry.edited),
        (1, Some("theirs"), false)
    );
    for (text, expected) in [("ours", true), ("ours, too", true), ("theirs", false)] {
        assert_eq!(entry.is_ours(Some(text)), expected, "{text}");
    }
    assert!(!entry.is_ours(None));
    // Somebody's change in between would be lost otherwise.
    record.add(&change(Some("edited"), Some("ours again")));
    let entry = &record.files[0];
    assert_eq!(
        (entry.before.as_deref(), entry.edited),
        (Some("edited"), true)
    );
    assert!(entry.is_ours(Some("ours again")) && !entry.is_ours(Some("ours")));
}

#[test]
fn it_is_readable_for_its_owner_alone_and_reads_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record");
    let mut record = Record::new("/".as_ref());
    record.add(&change(None, Some("x")));
    record.folders.push("/etc".into());
    record.save(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(Record::load(&path).unwrap(), Some(record));
    assert_eq!(Record::load(&folder.path().join("none")).unwrap(), None);
}

#[test]
fn a_damaged_or_newer_record_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record");
    for (text, expected) in [
        ("secret", "it is damaged at line 1"),
        (
            "{\"version\":1,\"root\":\"/\",\"files\":[],\"folders\":[],\"more\":0}",
            "it is damaged at line 1",
        ),
        (
            "{\"version\":2,\"root\":\"/\",\"files\":[],\"folders\":[]}",
            "it has version 2, this program reads 1",
        ),
    ] {
        fs::write(&path, text).unwrap();
        match Record::load(&path) {
            Err(Error::Record { reason, .. }) => {
                assert!(reason.starts_with(expected), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn one_process_at_a_time_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/record");
    let held = lock(&path).unwrap();
    assert!(matches!(lock(&path), Err(Error::Busy { .. })));
    drop(held);
    lock(&path).unwrap();
}
