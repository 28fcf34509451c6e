use std::os::unix::fs::symlink;

use super::*;

#[test]
fn links_of_the_image_stay_inside_it() {
    let outside = tempfile::tempdir().unwrap();
    let image = tempfile::tempdir().unwrap();
    let at = |path: &str| image.path().join(path);
    std::fs::create_dir(at("etc")).unwrap();
    symlink(outside.path(), at("absolute")).unwrap();
    symlink("../../../../../../tmp", at("etc/relative")).unwrap();
    symlink("/etc", at("configuration")).unwrap();
    let root = InRoot::new(image.path()).unwrap();

    // An absolute link dangles inside the image; it is not followed out of it.
    assert_eq!(
        root.make_folder(Path::new("/absolute/a")).unwrap_err(),
        Errno::EXIST
    );
    assert_eq!(
        root.make_folder(Path::new("/etc/relative/a")).unwrap_err(),
        Errno::EXIST
    );
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    std::fs::create_dir(at("tmp")).unwrap();
    root.make_folder(Path::new("/etc/relative/a")).unwrap();
    assert!(at("tmp/a").is_dir());
    // A link within the image is followed, as its author intended.
    root.make_folder(Path::new("/configuration/agent/tools"))
        .unwrap();
    assert!(at("etc/agent/tools").is_dir());
}

#[test]
fn files_are_made_with_their_parents_and_kept_when_there() {
    let image = tempfile::tempdir().unwrap();
    let root = InRoot::new(image.path()).unwrap();
    root.make_file(Path::new("/a/b/file")).unwrap();
    root.write(Path::new("/a/b/file"), "content").unwrap();
    root.make_file(Path::new("/a/b/file")).unwrap();
    assert_eq!(
        std::fs::read_to_string(image.path().join("a/b/file")).unwrap(),
        "content"
    );
}

#[test]
fn targets_that_are_no_place_for_a_mount_are_refused() {
    for target in ["", "/", "relative", "/a/../../b", "/.", "/.."] {
        assert!(checked_target(target).is_err(), "{target:?}");
    }
    assert_eq!(
        checked_target("/etc/agent/./model").unwrap(),
        Path::new("/etc/agent/model")
    );
}
