use super::*;

#[test]
fn regular_files_and_links_to_them_are_opened_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file"), "text").unwrap();
    std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
    assert_eq!(read_regular_text(&at("link"), 4).unwrap(), "text");
    let large = read_regular(&at("link"), 3).unwrap_err();
    assert_eq!(large.kind(), io::ErrorKind::FileTooLarge);
    std::fs::write(at("bytes"), [0xff]).unwrap();
    let strange = read_regular_text(&at("bytes"), 9).unwrap_err();
    assert_eq!(strange.kind(), io::ErrorKind::InvalidData);
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
