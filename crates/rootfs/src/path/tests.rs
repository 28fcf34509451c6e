//! Tests of `path`.

use super::*;

#[track_caller]
fn accepted(name: &[u8], expected: &[u8]) {
    assert_eq!(TreePath::parse(name).unwrap().as_bytes(), expected);
}

#[track_caller]
fn refused(name: &[u8], expected: EntryFault) {
    match TreePath::parse(name) {
        Err(Error::BadEntry { reason, .. }) => assert_eq!(reason, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn absolute_and_dotted_names_are_rooted_in_the_tree() {
    accepted(b"/etc//passwd", b"etc/passwd");
    accepted(b"./a/./b/", b"a/b");
    accepted(b"./", b"");
    accepted(b"a/..b/c..", b"a/..b/c..");
    accepted(b"caf\xe9", b"caf\xe9");
}

#[test]
fn names_that_could_leave_the_tree_or_break_a_directory_are_refused() {
    refused(b"a/../b", EntryFault::ParentComponent);
    refused(b"..", EntryFault::ParentComponent);
    refused(b"a\0b", EntryFault::NulByte);
    refused(&[b'x'; 256], EntryFault::ComponentTooLong);
    refused(&b"x/".repeat(2049), EntryFault::NameTooLong);
    accepted(&[b'x'; 255], &[b'x'; 255]);
}

#[test]
fn the_last_component_is_split_off() {
    let path = TreePath::parse(b"a/b/c").unwrap();
    assert_eq!(path.split_last(), Some((&b"a/b"[..], &b"c"[..])));
    assert_eq!(TreePath::parse(b"/").unwrap().split_last(), None);
}
