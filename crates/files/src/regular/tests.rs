use std::io::Read as _;

use super::*;

#[test]
fn regular_files_and_links_to_them_are_opened_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file"), "text").unwrap();
    std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
    let mut text = String::new();
    open_regular(&at("link"))
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "text");
    rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), rustix::fs::Mode::RWXU).unwrap();
    for path in [at("fifo"), folder.path().to_owned(), "/dev/zero".into()] {
        let error = open_regular(&path).unwrap_err();
        assert_eq!(
            error.kind(),
            io::ErrorKind::InvalidInput,
            "{}",
            path.display()
        );
    }
    let absent = open_regular(&at("absent")).unwrap_err();
    assert_eq!(absent.kind(), io::ErrorKind::NotFound);
}
