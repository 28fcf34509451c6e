use super::*;

fn read_all(reader: &mut LogReader) -> Vec<(LogStream, Vec<u8>)> {
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        records.push((record.stream, record.bytes));
    }
    records
}

#[test]
fn a_log_is_read_as_it_was_written_while_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = LogReader::new(folder.path());
    assert_eq!(read_all(&mut reader), []);
    let mut writer = LogWriter::new(folder.path());
    writer.write(LogStream::Output, b"one");
    writer.write(LogStream::Errors, b"two");
    let expected = [
        (LogStream::Output, b"one".to_vec()),
        (LogStream::Errors, b"two".to_vec()),
    ];
    assert_eq!(read_all(&mut reader), expected);
    let mut late = LogReader::new(folder.path());
    late.skip_to_end().unwrap();
    // Another holder goes on in a file of its own.
    LogWriter::new(folder.path()).write(LogStream::Output, b"three");
    assert_eq!(
        read_all(&mut reader),
        [(LogStream::Output, b"three".to_vec())]
    );
    assert_eq!(
        read_all(&mut late),
        [(LogStream::Output, b"three".to_vec())]
    );
}

#[test]
fn a_log_is_bounded_and_its_end_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::new(folder.path());
    let piece = vec![b'x'; 1 << 20];
    let mut slow = LogReader::new(folder.path());
    for number in 0..64_u32 {
        writer.write(LogStream::Output, &piece);
        writer.write(LogStream::Output, format!("{number}").as_bytes());
        if number == 0 {
            assert!(slow.next_record().unwrap().is_some());
        }
    }
    let sizes = fs::read_dir(folder.path().join("log")).unwrap();
    let size: u64 = sizes
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size < FILE_BYTES * (MOST_FILES as u64 + 1), "{size} bytes");
    // A reader that fell behind goes on with what there is.
    let rest = read_all(&mut slow);
    assert_eq!(rest.last().unwrap().1, b"63");
}

#[test]
fn a_record_that_is_cut_off_ends_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::new(folder.path());
    writer.write(LogStream::Output, b"whole");
    writer.write(LogStream::Output, b"cut off");
    let path = file_path(&folder.path().join("log"), 1);
    let length = fs::metadata(&path).unwrap().len();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(length - 3)
        .unwrap();
    LogWriter::new(folder.path()).write(LogStream::Output, b"next");
    let records = read_all(&mut LogReader::new(folder.path()));
    let texts: Vec<Vec<u8>> = records.into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(texts, [b"whole".to_vec(), b"next".to_vec()]);
    // Garbage is no record.
    fs::write(file_path(&folder.path().join("log"), 3), [9; 40]).unwrap();
    assert_eq!(read_all(&mut LogReader::new(folder.path())).len(), 2);
}
