use super::*;

#[test]
fn every_connection_may_have_a_file_open() {
    assert_eq!(room(Some(1024)), 448);
    assert_eq!(room(Some(64)), 1);
    assert_eq!(room(None), u32::MAX);
}
