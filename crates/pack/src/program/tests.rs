//! Tests of `program`.

use super::*;

/// The program of a pack is found by this: there must be one mark, and no copy of it.
#[test]
fn a_program_has_one_mark() {
    let file = File::open("/proc/self/exe").unwrap();
    let marker = Marker::find(&file).unwrap();
    assert!(!marker.is_of_pack);
    assert!(!is_of_pack());
    let mut byte = [0];
    file.read_exact_at(&mut byte, marker.offset).unwrap();
    assert_eq!(byte, [b'-']);
}

#[test]
fn other_files_have_none() {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(&[0; 3 << 20], 0).unwrap();
    assert!(Marker::find(&file).is_err());
    let mark = *black_box(&MARK);
    // Across the border of two reads, and in the last bytes.
    for at in [(1 << 20) - 7, 1 << 20, (3 << 20) - BYTES] {
        file.write_all_at(&mark, at as u64).unwrap();
        let marker = Marker::find(&file).unwrap();
        assert_eq!(marker.offset, (at + BYTES - 1) as u64);
        file.write_all_at(&[0; BYTES], at as u64).unwrap();
    }
    file.write_all_at(&mark, 0).unwrap();
    file.write_all_at(&mark, 2 << 20).unwrap();
    assert!(Marker::find(&file).is_err(), "two marks");
}
