use std::os::unix::fs::symlink;

use super::*;

#[test]
fn the_name_is_the_last_one_or_none_for_content() {
    let name =
        |path: &str| name_of(path.as_bytes()).map(|name| String::from_utf8(name.to_vec()).unwrap());
    for (path, expected) in [
        ("/etc/passwd", Some("passwd")),
        ("a", Some("a")),
        ("a//", Some("a")),
        ("/", None),
        ("a/.", None),
        ("a/./", None),
        (".", None),
        ("a/..", None),
    ] {
        assert_eq!(name(path).as_deref(), expected, "{path}");
    }
}

#[test]
fn a_link_is_itself_unless_it_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("real")).unwrap();
    std::fs::write(at("file"), "x").unwrap();
    symlink("real", at("link")).unwrap();
    symlink("nowhere", at("lost")).unwrap();
    let found = |name: &str, follows| {
        let source = Source::find(&at(name), follows).unwrap();
        let shown = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (shown(source.name()), shown(source.file()))
    };
    let pair = |name: &str, file: &str| (name.to_owned(), file.to_owned());
    assert_eq!(found("link", false), pair("link", "link"));
    assert_eq!(found("link", true), pair("link", "real"));
    assert_eq!(found("link/", false), pair("link", "real"));
    assert_eq!(found("link/.", false), pair(".", "."));
    assert_eq!(found("lost", false), pair("lost", "lost"));
    let fails = |name: &str, follows| Source::find(&at(name), follows).unwrap_err();
    assert!(matches!(fails("lost", true), Error::NotFound { .. }));
    assert!(matches!(fails("missing", false), Error::NotFound { .. }));
    assert!(matches!(fails("missing/.", false), Error::NotFound { .. }));
    assert!(matches!(fails("file/", false), Error::NotAFolder { .. }));
    assert!(matches!(fails("file/.", false), Error::NotAFolder { .. }));
}
