use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;

use super::*;

fn write(beneath: &Beneath, relative: &str, text: &str) -> Result<(), Error> {
    let new = beneath.create(relative)?;
    new.file()?.write_all(text.as_bytes()).unwrap();
    new.publish()
}

fn read(beneath: &Beneath, relative: &str) -> Result<Option<String>, Error> {
    Ok(beneath.open(relative)?.map(|mut file| {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }))
}

#[test]
fn files_are_made_read_replaced_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let beneath = Beneath::new(folder.path().join("not/yet"));
    assert_eq!(read(&beneath, "a/b/c").unwrap(), None);
    assert!(!beneath.remove("a/b/c").unwrap());
    write(&beneath, "a/b/c", "one").unwrap();
    write(&beneath, "a/b/c", "two").unwrap();
    assert_eq!(read(&beneath, "a/b/c").unwrap().as_deref(), Some("two"));
    assert!(beneath.remove("a/b/c").unwrap());
    assert_eq!(read(&beneath, "a/b/c").unwrap(), None);
}

#[test]
fn an_unfinished_file_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let beneath = Beneath::new(folder.path());
    let new = beneath.create("a/b").unwrap();
    new.file().unwrap().write_all(b"half").unwrap();
    let names = || std::fs::read_dir(folder.path().join("a")).unwrap().count();
    assert_eq!(names(), 0);
    drop(new);
    assert_eq!(names(), 0);
}

#[test]
fn no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("file"), "theirs").unwrap();
    let beneath = Beneath::new(folder.path());
    symlink(outside.path(), folder.path().join("way")).unwrap();
    symlink(outside.path().join("file"), folder.path().join("file")).unwrap();
    for relative in ["way/file", "way/new", "file"] {
        let errors = [
            beneath.open(relative).unwrap_err(),
            beneath.create(relative).map(drop).unwrap_err(),
            beneath.remove(relative).unwrap_err(),
        ];
        for error in errors {
            let text = format!("{error}: {}", error.source);
            assert!(text.contains("symbolic link"), "{text}");
            assert!(
                text.contains(&folder.path().display().to_string()),
                "{text}"
            );
        }
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(
        std::fs::read(outside.path().join("file")).unwrap(),
        b"theirs"
    );
}

#[test]
fn the_root_may_be_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    std::fs::create_dir(&real).unwrap();
    symlink(&real, folder.path().join("link")).unwrap();
    write(&Beneath::new(folder.path().join("link")), "a", "x").unwrap();
    assert_eq!(std::fs::read(real.join("a")).unwrap(), b"x");
}

#[test]
fn only_regular_files_are_opened_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let beneath = Beneath::new(folder.path());
    std::fs::create_dir_all(folder.path().join("a/folder")).unwrap();
    assert!(beneath.open("a/folder").is_err());
    assert!(beneath.create("a/folder").is_err());
    std::fs::write(folder.path().join("plain"), "").unwrap();
    assert!(beneath.create("plain/below").is_err());
    rustix::fs::mkfifoat(CWD, folder.path().join("fifo"), Mode::from_raw_mode(0o600)).unwrap();
    assert!(beneath.open("fifo").is_err());
    assert!(beneath.create("fifo").is_err());
}

#[test]
fn other_names_than_plain_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let beneath = Beneath::new(folder.path().join("root"));
    for relative in [
        "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\0b",
    ] {
        assert!(beneath.open(relative).is_err(), "{relative:?}");
        assert!(beneath.create(relative).is_err(), "{relative:?}");
    }
}
