use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::*;
use crate::reader::Reader;

/// The names and kinds of an archive, and warnings.
type Packed = (Vec<(String, Kind)>, Vec<String>);

/// Packs a path.
fn packed(path: &Path) -> Result<Packed, Error> {
    let (mut archive, mut warnings) = (Vec::new(), Vec::new());
    let source = Source::find(path, false)?;
    pack(&source, &mut archive, &mut |warning| warnings.push(warning))?;
    let mut reader = Reader::new(archive.as_slice());
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push((String::from_utf8(entry.path).unwrap(), entry.kind));
    }
    assert!(reader.has_end_mark());
    Ok((entries, warnings))
}

#[test]
fn everything_is_below_one_name_and_sockets_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    std::fs::create_dir_all(top.join("b")).unwrap();
    std::fs::write(top.join("b/one"), "x").unwrap();
    std::fs::hard_link(top.join("b/one"), top.join("two")).unwrap();
    symlink("/etc", top.join("link")).unwrap();
    let _socket = UnixListener::bind(top.join("socket")).unwrap();
    let (entries, warnings) = packed(&top).unwrap();
    let expected = [
        ("top/".to_owned(), Kind::Folder),
        ("top/b/".to_owned(), Kind::Folder),
        ("top/b/one".to_owned(), Kind::File),
        ("top/link".to_owned(), Kind::Link(b"/etc".to_vec())),
        ("top/two".to_owned(), Kind::HardLink(b"top/b/one".to_vec())),
    ];
    assert_eq!(entries, expected);
    assert_eq!(warnings, ["'top/socket' is left out: it is a socket"]);
    let (entries, _) = packed(&top.join("b/.")).unwrap();
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["./", "./one"]);
    let failed = packed(&top.join("socket"));
    assert!(matches!(failed, Err(Error::Source { .. })));
}

#[test]
fn file_systems_of_the_kernel_are_no_source() {
    let failed = packed(Path::new("/proc/sys"));
    assert!(matches!(failed, Err(Error::Source { .. })));
}
