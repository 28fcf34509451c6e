use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use super::*;
use crate::error::Class;
use crate::pack::pack;
use crate::source::Source;
use crate::writer::Writer;

/// A target folder in a folder with a secret beside it.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(folder.path().join("outside/secret"), "untouched").unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn unpack(&self, archive: &[u8], to: &str, what: &Unpacking) -> Result<Copied, Error> {
        let options = Options::default();
        unpack(archive, &self.at(to), what, options, &mut |_| {})
    }

    /// Unpacks hostile entries into the target; nothing outside of it may change.
    fn refuses(&self, entries: &[Entry]) -> Error {
        let error = self
            .unpack(&archive(entries), "target", &Unpacking::Archive)
            .unwrap_err();
        self.check_outside();
        error
    }

    fn check_outside(&self) {
        let names: Vec<_> = fs::read_dir(self.at("outside"))
            .unwrap()
            .map(|item| item.unwrap().file_name())
            .collect();
        assert_eq!(names, ["secret"]);
        let secret = fs::metadata(self.at("outside/secret")).unwrap();
        assert_eq!(secret.nlink(), 1);
        assert_eq!(fs::read(self.at("outside/secret")).unwrap(), b"untouched");
    }
}

fn entry(path: &str, kind: Kind) -> Entry {
    Entry {
        path: path.as_bytes().to_vec(),
        kind,
        mode: 0o644,
        uid: 12,
        gid: 34,
        mtime: Timestamp {
            seconds: 1_000_000,
            nanos: 5,
        },
        size: 0,
    }
}

fn file(path: &str) -> Entry {
    Entry {
        size: 4,
        ..entry(path, Kind::File)
    }
}

fn folder(path: &str) -> Entry {
    Entry {
        mode: 0o750,
        ..entry(path, Kind::Folder)
    }
}

fn link(path: &str, target: &str) -> Entry {
    entry(path, Kind::Link(target.as_bytes().to_vec()))
}

fn hard_link(path: &str, target: &str) -> Entry {
    entry(path, Kind::HardLink(target.as_bytes().to_vec()))
}

/// An archive of entries; each file has four bytes.
fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    for entry in entries {
        writer.entry(entry).unwrap();
        if entry.size == 4 {
            writer.data(b"data").unwrap();
            writer.pad(4).unwrap();
        }
    }
    writer.finish().unwrap();
    bytes
}

#[test]
fn names_that_lead_out_are_refused() {
    let scene = Scene::new();
    // Only an extended header has a name with a NUL.
    let nul = format!("a\0{}", "b".repeat(100));
    for name in ["../outside/new", "/etc/new", "a/../../new", "..", &nul] {
        let error = scene.refuses(&[file(name)]);
        assert!(matches!(error, Error::Refused { .. }), "{name}: {error}");
    }
    let deep = file(&format!("{}x", "d/".repeat(1025)));
    assert!(matches!(scene.refuses(&[deep]), Error::Refused { .. }));
    assert_eq!(fs::read_dir(scene.at("target")).unwrap().count(), 0);
}

#[test]
fn nothing_goes_through_a_link() {
    let scene = Scene::new();
    let outside = scene.at("outside");
    let outside = outside.to_str().unwrap();
    for target in [outside, "../outside", "."] {
        let error = scene.refuses(&[link("way", target), file("way/new")]);
        assert_eq!(error.class(), Class::Conflict, "{error}");
        let error = scene.refuses(&[link("way", target), folder("way"), file("way/new")]);
        assert_eq!(error.class(), Class::Conflict, "{error}");
        let error = scene.refuses(&[link("way", target), folder("way/deep/er")]);
        assert_eq!(error.class(), Class::Conflict, "{error}");
        fs::remove_file(scene.at("target/way")).unwrap();
    }
    // A link to a file is not written through, but in the way.
    let error = scene.refuses(&[link("a", "../outside/secret"), file("a")]);
    assert_eq!(error.class(), Class::Conflict, "{error}");
    // Nor is one that was there before.
    symlink(outside, scene.at("target/there")).unwrap();
    scene.refuses(&[file("there/new")]);
    let error = scene.refuses(&[file("there")]);
    assert_eq!(error.class(), Class::Conflict, "{error}");
}

#[test]
fn hard_links_lead_only_to_what_this_copy_made() {
    let scene = Scene::new();
    fs::write(scene.at("target/before"), "x").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    for target in [
        "../outside/secret",
        "/etc/passwd",
        "before",
        "missing",
        "new",
        "",
    ] {
        let error = scene.refuses(&[hard_link("new", target)]);
        let is_refused = match &error {
            Error::Refused { .. } => true,
            Error::Incomplete { source, .. } => matches!(**source, Error::Refused { .. }),
            _ => false,
        };
        assert!(is_refused, "{target}: {error}");
    }
    let through = [link("way", "../outside"), hard_link("new", "way/secret")];
    assert_eq!(scene.refuses(&through).class(), Class::Conflict);
    // A link to a link is one to the link itself.
    let entries = [link("one", "../outside/secret"), hard_link("two", "one")];
    fs::remove_file(scene.at("target/way")).unwrap();
    scene
        .unpack(&archive(&entries), "target", &Unpacking::Archive)
        .unwrap();
    scene.check_outside();
    assert!(
        fs::symlink_metadata(scene.at("target/two"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_name_twice_is_the_last_one_and_only_its_own_kind_is_replaced() {
    let scene = Scene::new();
    let unpack = |entries: &[Entry]| scene.unpack(&archive(entries), "target", &Unpacking::Archive);
    unpack(&[file("a"), file("a"), link("l", "x"), link("l", "y")]).unwrap();
    assert_eq!(
        fs::read_link(scene.at("target/l")).unwrap(),
        PathBuf::from("y")
    );
    // A file with another name keeps its content there.
    fs::hard_link(scene.at("target/a"), scene.at("kept")).unwrap();
    unpack(&[file("a")]).unwrap();
    assert_eq!(fs::metadata(scene.at("kept")).unwrap().nlink(), 1);
    fs::create_dir(scene.at("target/dir")).unwrap();
    for entry in [file("dir"), link("dir", "x"), folder("a"), link("a", "x")] {
        let error = unpack(&[entry]).unwrap_err();
        assert_eq!(error.class(), Class::Conflict, "{error}");
    }
}

#[test]
fn only_what_was_asked_for_is_unpacked() {
    let scene = Scene::new();
    let one = Unpacking::One(Some(b"given".to_vec()));
    let unpack = |entries: &[Entry], to: &str| scene.unpack(&archive(entries), to, &one);
    // The name is the receiver's.
    unpack(&[file("other")], "target").unwrap();
    assert!(scene.at("target/given").is_file() && !scene.at("target/other").exists());
    for entries in [
        vec![file("a"), file("b")],
        vec![folder("a"), file("b/c")],
        vec![file("a/b")],
        vec![file("./.")],
        vec![folder("a"), hard_link("a/x", "b/y")],
    ] {
        assert!(unpack(&entries, "new").is_err());
        let _made =
            fs::remove_dir_all(scene.at("new")).or_else(|_| fs::remove_file(scene.at("new")));
    }
    // A file cannot have something below it.
    assert!(unpack(&[file("a"), file("a/b")], "new").is_err());
    assert!(matches!(unpack(&[], "new"), Err(Error::Truncated)));
}

#[test]
fn folders_that_were_there_keep_their_mode() {
    let scene = Scene::new();
    fs::create_dir(scene.at("target/old")).unwrap();
    let mode = |name: &str| fs::metadata(scene.at(name)).unwrap().permissions().mode() & 0o7777;
    let before = (mode("target"), mode("target/old"));
    let open = |path: &str| Entry {
        mode: 0o6777,
        ..folder(path)
    };
    let entries = [open("./"), open("old"), open("new"), file("new/file")];
    scene
        .unpack(&archive(&entries), "target", &Unpacking::Archive)
        .unwrap();
    assert_eq!((mode("target"), mode("target/old")), before);
    // The setuid and setgid bits are for those who keep owners.
    assert_eq!(mode("target/new"), 0o777);
    let made = fs::metadata(scene.at("target/new")).unwrap();
    assert_eq!((made.mtime(), made.mtime_nsec()), (1_000_000, 5));
}

#[test]
fn owners_are_kept_on_demand() {
    let scene = Scene::new();
    let set = Entry {
        mode: 0o4755,
        ..file("set")
    };
    let archive = archive(&[set, entry("null", Kind::CharDevice { major: 1, minor: 3 })]);
    let owner = |name: &str| {
        let found = fs::symlink_metadata(scene.at(name)).unwrap();
        (found.uid(), found.gid(), found.mode() & 0o7777)
    };
    let me = (
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    );
    let mut warnings = Vec::new();
    let warn = &mut |warning| warnings.push(warning);
    let plain = Options::default();
    unpack(
        archive.as_slice(),
        &scene.at("target"),
        &Unpacking::Archive,
        plain,
        warn,
    )
    .unwrap();
    assert_eq!(owner("target/set"), (me.0, me.1, 0o755));
    assert!(!scene.at("target/null").exists());
    assert!(
        warnings[0].ends_with("is left out: it is a device"),
        "{warnings:?}"
    );
    if me.0 != 0 {
        return;
    }
    let kept = Options {
        owners: true,
        devices: true,
    };
    unpack(
        archive.as_slice(),
        &scene.at("target"),
        &Unpacking::Archive,
        kept,
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(owner("target/set"), (12, 34, 0o4755));
    // Not every container may make devices; where it is made, it is the right one.
    let null = fs::symlink_metadata(scene.at("target/null")).unwrap();
    assert!(null.file_type().is_char_device());
    assert_eq!(null.rdev(), rustix::fs::makedev(1, 3));
}

#[test]
fn what_is_cut_off_is_named() {
    let scene = Scene::new();
    let one = Unpacking::One(Some(b"given".to_vec()));
    let mut huge = file("a/huge");
    huge.size = i64::MAX as u64 - 1024;
    let mut bytes = archive(&[folder("a"), file("a/whole")]);
    bytes.truncate(bytes.len() - 1024);
    let mut tail = Vec::new();
    Writer::new(&mut tail).entry(&huge).unwrap();
    bytes.extend(tail);
    bytes.extend([1; 2000]);
    let error = scene.unpack(&bytes, "target", &one).unwrap_err();
    let Error::Incomplete { path, source } = &error else {
        panic!("{error}");
    };
    assert!(path.ends_with("target/given/huge"), "{path}");
    assert!(matches!(**source, Error::Truncated));
    // Between two entries it is the whole copy.
    let bytes = archive(&[folder("b"), file("b/whole")]);
    let error = scene
        .unpack(&bytes[..bytes.len() - 1024], "target/new", &one)
        .unwrap_err();
    assert!(
        matches!(&error, Error::Incomplete { path, .. } if path.ends_with("target/new")),
        "{error}"
    );
}

#[test]
fn a_folder_comes_out_as_it_went_in() {
    let scene = Scene::new();
    let from = scene.at("from");
    fs::create_dir_all(from.join("deep/er")).unwrap();
    fs::write(from.join("deep/file"), vec![7; 200_000]).unwrap();
    fs::write(from.join("deep/empty"), "").unwrap();
    fs::hard_link(from.join("deep/file"), from.join("again")).unwrap();
    symlink("deep/file", from.join("link")).unwrap();
    fs::set_permissions(from.join("deep/er"), fs::Permissions::from_mode(0o500)).unwrap();
    let sparse = fs::File::create(from.join("sparse")).unwrap();
    sparse.set_len(1 << 30).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"end", (1 << 29) + 5).unwrap();
    // Zeros that the disk holds become a hole as well.
    fs::write(from.join("zeros"), vec![0; 1 << 20]).unwrap();

    let mut archive = Vec::new();
    let source = Source::find(&from, false).unwrap();
    let packed = pack(&source, &mut archive, &mut |_| {}).unwrap();
    let what = Unpacking::One(Some(b"from".to_vec()));
    let copied = scene.unpack(&archive, "to", &what).unwrap();
    assert_eq!((copied.files, packed.files), (6, 6));
    assert!(archive.len() < 2_000_000);
    for name in [
        "deep/file",
        "deep/empty",
        "deep/er",
        "deep",
        "sparse",
        "again",
        "zeros",
    ] {
        let (one, other) = (from.join(name), scene.at("to").join(name));
        let (before, after) = (fs::metadata(&one).unwrap(), fs::metadata(&other).unwrap());
        assert_eq!(before.mode(), after.mode(), "{name}");
        assert_eq!(
            before.modified().unwrap(),
            after.modified().unwrap(),
            "{name}"
        );
        assert!(before.is_dir() || before.len() == after.len(), "{name}");
    }
    let to = scene.at("to");
    assert_eq!(fs::read(to.join("deep/file")).unwrap(), [7; 200_000]);
    assert_eq!(fs::metadata(to.join("again")).unwrap().nlink(), 2);
    assert_eq!(
        fs::read_link(to.join("link")).unwrap(),
        PathBuf::from("deep/file")
    );
    let blocks = |name: &str| fs::metadata(to.join(name)).unwrap().blocks() * 512;
    assert!(blocks("sparse") < 100_000 && blocks("zeros") < 10_000);
    let mut end = [0; 3];
    let sparse = fs::File::open(to.join("sparse")).unwrap();
    std::os::unix::fs::FileExt::read_exact_at(&sparse, &mut end, (1 << 29) + 5).unwrap();
    assert_eq!(&end, b"end");
    // Once more, over itself.
    let content = Source::find(&from.join("."), false).unwrap();
    let mut archive = Vec::new();
    pack(&content, &mut archive, &mut |_| {}).unwrap();
    scene.unpack(&archive, "to", &Unpacking::One(None)).unwrap();
}

#[test]
fn archives_of_gnu_tar_are_unpacked() {
    let scene = Scene::new();
    let from = scene.at("from");
    fs::create_dir_all(from.join("x".repeat(120))).unwrap();
    fs::write(from.join("x".repeat(120)).join("file"), "content").unwrap();
    let sparse = fs::File::create(from.join("sparse")).unwrap();
    for place in 0..40u64 {
        std::os::unix::fs::FileExt::write_all_at(&sparse, &[b'x'; 4096], place << 20).unwrap();
    }
    sparse.set_len(64 << 20).unwrap();
    for format in [
        ["--format=gnu", "--sparse"],
        ["--format=posix", "--sparse"],
        ["--format=posix", "--sparse-version=0.1"],
        ["--format=ustar", "--no-xattrs"],
    ] {
        let mut tar = std::process::Command::new("tar");
        tar.arg("-C").arg(&from).args(format);
        if format[1].starts_with("--sparse-version") {
            tar.arg("--sparse");
        }
        if format[0] == "--format=ustar" {
            tar.args(["--exclude", "x*"]);
        }
        let output = tar.args(["-cf", "-", "."]).output().unwrap();
        assert!(output.status.success(), "{format:?}");
        let target = scene.at("target");
        fs::remove_dir_all(&target).unwrap();
        fs::create_dir(&target).unwrap();
        scene
            .unpack(&output.stdout, "target", &Unpacking::Archive)
            .unwrap();
        let bytes = fs::read(target.join("sparse")).unwrap();
        assert_eq!(bytes.len(), 64 << 20, "{format:?}");
        assert_eq!(&bytes[39 << 20..(39 << 20) + 2], b"xx", "{format:?}");
        let blocks = fs::metadata(target.join("sparse")).unwrap().blocks();
        assert!(blocks < 2000, "{format:?}: {blocks}");
        let deep = target.join("x".repeat(120)).join("file");
        assert!(format[0] == "--format=ustar" || fs::read(deep).unwrap() == b"content");
    }
}
