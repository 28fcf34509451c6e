use super::*;

fn header(kind: EntryType, size: u64, name: &str) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_path(name).unwrap();
    header.set_cksum();
    header
}

fn files(tar: &[u8]) -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    each_file(tar, |path, content| {
        let mut text = String::new();
        content.read_to_string(&mut text)?;
        found.push((path.display().to_string(), text));
        Ok(Next::Go)
    })?;
    Ok(found)
}

#[test]
fn files_come_with_their_names_however_long() {
    let mut tar = tar::Builder::new(Vec::new());
    let long = format!("./lib/{}/x.ko", "a".repeat(300));
    for (name, text) in [("short", "1"), (&long, "2")] {
        let mut header = header(EntryType::Regular, 1, "x");
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let found = files(&tar.into_inner().unwrap()).unwrap();
    assert_eq!(found, [("short".into(), "1".into()), (long, "2".into())]);
}

#[test]
fn headers_that_would_fill_the_memory_are_refused() {
    let check = |kind, size: u64, words: &str| {
        let head = header(kind, size, "x");
        let body = io::repeat(b'a').take(size);
        let read = each_file(head.as_bytes().chain(body), |_, _| Ok(Next::Go));
        let error = read.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check(EntryType::GNULongName, 6 << 30, "64 KiB");
    check(EntryType::XHeader, 6 << 30, "PAX");
    check(EntryType::XGlobalHeader, 512, "PAX");
}
