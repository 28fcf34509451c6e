use std::process::{Command, Stdio};

use super::*;
use crate::time::Timestamp;

fn entry(path: &[u8], kind: Kind, size: u64) -> Entry {
    Entry {
        path: path.to_vec(),
        kind,
        mode: 0o640,
        uid: 5,
        gid: 6,
        mtime: Timestamp {
            seconds: 86_400,
            nanos: 0,
        },
        size,
    }
}

/// What GNU tar lists.
fn listed(archive: &[u8]) -> String {
    let mut tar = Command::new("tar")
        .args(["-tvf", "-", "--numeric-owner", "--utc"])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    tar.stdin.take().unwrap().write_all(archive).unwrap();
    let output = tar.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn gnu_tar_reads_it() {
    let mut archive = Vec::new();
    let mut writer = Writer::new(&mut archive);
    let name = "long/".repeat(30);
    writer
        .entry(&entry(name.as_bytes(), Kind::Folder, 0))
        .unwrap();
    writer.entry(&entry(b"a", Kind::File, 2)).unwrap();
    writer.data(b"ab").unwrap();
    writer.pad(2).unwrap();
    writer
        .entry(&entry(b"b", Kind::Link(b"to".to_vec()), 0))
        .unwrap();
    let segments = [
        Segment {
            offset: 4096,
            length: 4,
        },
        Segment {
            offset: 1 << 40,
            length: 0,
        },
    ];
    let sparse = entry(b"sparse", Kind::File, 1 << 40);
    assert_eq!(writer.sparse(&sparse, &segments).unwrap(), 4);
    writer.data(b"data").unwrap();
    writer.pad(4).unwrap();
    writer.finish().unwrap();
    let lines = listed(&archive);
    let expected = [
        format!("drw-r----- 5/6 0 1970-01-02 00:00 {name}"),
        "-rw-r----- 5/6 2 1970-01-02 00:00 a".to_owned(),
        "lrw-r----- 5/6 0 1970-01-02 00:00 b -> to".to_owned(),
        "-rw-r----- 5/6 1099511627776 1970-01-02 00:00 sparse".to_owned(),
    ];
    let squeezed: Vec<String> = lines
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(squeezed, expected);
}

#[test]
fn a_record_counts_its_own_length() {
    for length in [1, 80, 89, 90, 91, 92, 980, 990, 995, 2000] {
        let mut records = Vec::new();
        record(&mut records, "path", &vec![b'x'; length]);
        let text = String::from_utf8(records.clone()).unwrap();
        let told: usize = text.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(told, records.len());
    }
}

#[test]
fn times_before_1970_count_backward() {
    assert_eq!(time(5, 7), "5.000000007");
    assert_eq!(time(-1, 0), "-1.000000000");
    assert_eq!(time(-2, 250_000_000), "-1.750000000");
    assert_eq!(time(-1, 999_999_999), "-0.000000001");
}
