use std::path::PathBuf;

use proptest::prelude::*;

use super::Reader;
use crate::{Error, LONGEST_LINE};

fn file(bytes: &[u8]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, bytes).unwrap();
    (folder, vec![path])
}

#[test]
fn a_line_without_an_end_is_bounded() {
    let (_folder, files) = file(&vec![b'x'; 4 * LONGEST_LINE]);
    let error = Reader::of_files(files, None).finish().unwrap_err();
    assert!(matches!(error, Error::Broken { line: 1, .. }), "{error}");
}

#[test]
fn a_folder_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::of_files(vec![folder.path().to_owned()], None);
    assert!(matches!(reader.finish(), Err(Error::Files(_))));
}

proptest! {
    #[test]
    fn no_file_is_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (_folder, files) = file(&bytes);
        let _ = Reader::of_files(files, Some("00")).finish();
    }
}
