use std::os::unix::fs::symlink;

use super::*;
use crate::error::Class;

const FILE: Arrival<'_> = Arrival::File(b"new");
const FOLDER: Arrival<'_> = Arrival::Folder(b"new");

/// Every row of the table: the name below the temporary folder, or the class of the failure.
#[test]
fn every_rule_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("folder")).unwrap();
    std::fs::write(root.join("file"), "x").unwrap();
    symlink("folder", root.join("to-folder")).unwrap();
    symlink("file", root.join("to-file")).unwrap();
    symlink("nowhere", root.join("lost")).unwrap();
    let find = |target: &str, arrival| match Place::find(&root.join(target), arrival) {
        Err(error) => Err(error.class()),
        Ok(place) => {
            let mut path = String::from_utf8(place.path).unwrap();
            if let Some(name) = place.name {
                path = format!("{path}/{}", String::from_utf8(name).unwrap());
            }
            let below = path.replace("//", "/");
            let below = below.strip_prefix(root.to_str().unwrap()).unwrap();
            Ok(below.trim_start_matches('/').to_owned())
        }
    };
    let ok = |path: &str| Ok(path.to_owned());
    use Arrival::{Archive, Content};
    use Class::{Conflict, NotFound};
    for (target, arrival, expected) in [
        ("missing", FILE, ok("missing")),
        ("missing", FOLDER, ok("missing")),
        ("missing", Content, ok("missing")),
        ("missing", Archive, Err(NotFound)),
        ("missing/", FILE, Err(NotFound)),
        ("missing/", FOLDER, ok("missing")),
        ("missing/", Content, ok("missing")),
        ("missing/below", FILE, Err(NotFound)),
        ("missing/below", FOLDER, Err(NotFound)),
        ("file", FILE, ok("file")),
        ("file", FOLDER, Err(Conflict)),
        ("file", Content, Err(Conflict)),
        ("file", Archive, Err(Conflict)),
        ("file/", FILE, Err(Conflict)),
        ("file/below", FILE, Err(Conflict)),
        ("folder", FILE, ok("folder/new")),
        ("folder/", FILE, ok("folder/new")),
        ("folder", FOLDER, ok("folder/new")),
        ("folder", Content, ok("folder")),
        ("folder", Archive, ok("folder")),
        ("to-folder", FILE, ok("to-folder/new")),
        ("to-file", FILE, ok("file")),
        ("lost", FILE, Err(NotFound)),
        ("missing/..", FOLDER, Err(NotFound)),
    ] {
        assert_eq!(find(target, arrival), expected, "{target} {arrival:?}");
    }
}
