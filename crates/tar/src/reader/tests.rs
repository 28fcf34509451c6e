use proptest::prelude::*;

use super::*;
use crate::writer::Writer;

fn entry(path: &[u8], kind: Kind, size: u64) -> Entry {
    Entry {
        path: path.to_vec(),
        kind,
        mode: 0o640,
        uid: 1000,
        gid: 3_000_000,
        mtime: Timestamp {
            seconds: 1_700_000_000,
            nanos: 123_456_789,
        },
        size,
    }
}

/// The entries of an archive, with the data of files.
fn read(archive: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, Error> {
    let mut reader = Reader::new(archive);
    let mut all = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut data = Vec::new();
        let mut buffer = [0; 100];
        while let Some(piece) = reader.next_piece(&mut buffer)? {
            match piece {
                Piece::Data(bytes) => data.extend(bytes),
                Piece::Hole(length) => {
                    data.resize(data.len() + usize::try_from(length).unwrap(), 0);
                }
            }
        }
        all.push((entry, data));
    }
    Ok(all)
}

#[test]
fn what_was_written_is_read() {
    let long = [b"deep/".repeat(60), b"\xff name".to_vec()].concat();
    let entries = [
        entry(b"folder/", Kind::Folder, 0),
        entry(b"folder/\xff\xfe", Kind::File, 3),
        entry(&long, Kind::File, 0),
        entry(b"link", Kind::Link(b"../else\nwhere".repeat(20)), 0),
        entry(b"again", Kind::HardLink(long.clone()), 0),
        entry(b"pipe", Kind::Fifo, 0),
        entry(b"null", Kind::CharDevice { major: 1, minor: 3 }, 0),
        entry(
            b"disk",
            Kind::BlockDevice {
                major: 254,
                minor: 70_000,
            },
            0,
        ),
    ];
    let mut archive = Vec::new();
    let mut writer = Writer::new(&mut archive);
    for entry in &entries {
        writer.entry(entry).unwrap();
        if entry.size == 3 {
            writer.data(b"abc").unwrap();
            writer.pad(3).unwrap();
        }
    }
    writer.finish().unwrap();
    let seen = read(&archive).unwrap();
    assert_eq!(seen[1].1, b"abc");
    let seen: Vec<Entry> = seen.into_iter().map(|(entry, _)| entry).collect();
    assert_eq!(seen, entries);
}

#[test]
fn sizes_beyond_the_header_and_times_before_1970_are_kept() {
    let mut old = entry(b"old", Kind::Folder, 0);
    old.mtime = Timestamp {
        seconds: -2,
        nanos: 250_000_000,
    };
    let large = entry(b"large", Kind::File, 9 << 30);
    let mut archive = Vec::new();
    let mut writer = Writer::new(&mut archive);
    writer.entry(&old).unwrap();
    writer.entry(&large).unwrap();
    let mut reader = Reader::new(archive.as_slice());
    assert_eq!(reader.next_entry().unwrap(), Some(old));
    assert_eq!(reader.next_entry().unwrap(), Some(large));
    assert!(matches!(
        reader.next_piece(&mut [0; 10]),
        Err(Error::Truncated)
    ));
}

#[test]
fn an_archive_that_is_cut_off_is_an_error_or_has_no_end_mark() {
    let mut archive = Vec::new();
    let mut writer = Writer::new(&mut archive);
    writer.entry(&entry(b"file", Kind::File, 700)).unwrap();
    writer.data(&[7; 700]).unwrap();
    writer.pad(700).unwrap();
    writer.finish().unwrap();
    for length in 0..archive.len() {
        let mut reader = Reader::new(&archive[..length]);
        let mut walk = || -> Result<(), Error> {
            while reader.next_entry()?.is_some() {}
            Ok(())
        };
        assert!(walk().is_err() || !reader.has_end_mark(), "{length}");
    }
}

#[test]
fn long_names_and_endless_headers_are_refused() {
    let long = entry(&[b'a'; 4097], Kind::Folder, 0);
    let mut archive = Vec::new();
    Writer::new(&mut archive).entry(&long).unwrap();
    assert!(matches!(read(&archive), Err(Error::Refused { .. })));
    // The first two records are an extended header.
    let some = entry(&[b'a'; 200], Kind::Folder, 0);
    archive.clear();
    Writer::new(&mut archive).entry(&some).unwrap();
    let headers = archive[..1024].repeat(1000);
    assert!(matches!(read(&headers), Err(Error::Malformed { .. })));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..2048), at in 0usize..1024) {
        let _refused = read(&bytes);
        // With a header that passes its checksum, more of it is looked at.
        let mut archive = Vec::new();
        Writer::new(&mut archive).entry(&entry(b"x", Kind::File, 4)).unwrap();
        archive.append(&mut bytes);
        let at = at % archive.len();
        archive[at] ^= 0x11;
        let _refused = read(&archive);
    }
}
