use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::super::error::Error;
use super::Tree;

#[test]
fn what_is_looked_at_may_be_a_link_inside_the_root_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("real"), "text").unwrap();
    fs::write(folder.path().join("outside"), "secret").unwrap();
    symlink("real", root.join("inner")).unwrap();
    symlink("../outside", root.join("outer")).unwrap();
    let tree = Tree::open(&root).unwrap();
    let at = |name: &str| tree.at(Path::new(name)).unwrap();
    assert_eq!(tree.look(&at("/inner")).unwrap().as_deref(), Some("text"));
    assert_eq!(tree.look(&at("/none")).unwrap(), None);
    assert!(matches!(
        tree.look(&at("/outer")),
        Err(Error::Outside { .. })
    ));
    assert!(matches!(
        tree.read(&at("/inner")),
        Err(Error::Irregular { .. })
    ));
    assert_eq!(tree.read(&at("/real/below")).unwrap(), None);
}

#[test]
fn a_folder_or_fifo_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::open(folder.path()).unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    for (name, expected) in [
        ("/folder", "a folder"),
        ("/socket", "a device, FIFO or socket"),
    ] {
        match tree.read(&tree.at(Path::new(name)).unwrap()) {
            Err(Error::Irregular { kind, .. }) => assert_eq!(kind, expected),
            other => panic!("{other:?}"),
        }
    }
    Tree::open(&folder.path().join("none")).unwrap_err();
}

#[test]
fn paths_of_a_record_are_checked_again() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::open(folder.path()).unwrap();
    for path in [
        "/etc/passwd".into(),
        folder.path().join("../x"),
        folder.path().to_owned(),
    ] {
        assert!(
            matches!(tree.confine(&path), Err(Error::Outside { .. })),
            "{path:?}"
        );
    }
}
