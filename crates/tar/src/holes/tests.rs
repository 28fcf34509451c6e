use std::io::{Seek as _, SeekFrom, Write as _};

use super::*;

#[test]
fn a_file_is_its_parts_with_data() {
    let mut file = tempfile::tempfile().unwrap();
    let of = |file: &std::fs::File| segments(file, &rustix::fs::fstat(file).unwrap());
    assert_eq!(of(&file), None);
    file.write_all(&[1; 8192]).unwrap();
    assert_eq!(of(&file), None);
    file.seek(SeekFrom::Start(1 << 20)).unwrap();
    file.write_all(&[1; 4096]).unwrap();
    file.set_len(1 << 30).unwrap();
    let found = of(&file).unwrap();
    let bytes: u64 = found.iter().map(|part| part.length).sum();
    assert!((12_288..100_000).contains(&bytes), "{found:?}");
    let last = Segment {
        offset: 1 << 30,
        length: 0,
    };
    assert_eq!(found.last(), Some(&last));
    file.set_len(0).unwrap();
    file.set_len(5000).unwrap();
    let all = [Segment {
        offset: 5000,
        length: 0,
    }];
    assert_eq!(of(&file).unwrap(), all);
}
