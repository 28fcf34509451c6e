//! Finds files in a registry's folder that no metadata refers to, with independent tools.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Selects open uploads, and objects that are blobs or will be deleted.
const QUERY: &str = r"
import sqlite3, sys
database = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)
for (kind, query) in [
    ('upload', 'select id from uploads'),
    ('object', 'select object from blobs'),
    ('object', 'select object from garbage'),
]:
    for (name,) in database.execute(query):
        print(kind, name)
";

/// Open uploads, and objects that no row names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leftovers {
    pub(super) uploads: BTreeSet<String>,
    pub(super) objects: BTreeSet<String>,
}

impl Leftovers {
    pub(super) fn of(root: &Path) -> Self {
        let output = Command::new("python3")
            .args(["-c", QUERY])
            .arg(root.join("registry.db"))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let mut found = Self::default();
        let mut known = BTreeSet::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let (kind, name) = line.split_once(' ').unwrap();
            if kind == "upload" {
                found.uploads.insert(name.to_owned());
            }
            known.insert(name.to_owned());
        }
        found.objects = &objects(root) - &known;
        found
    }

    /// Waits until nothing is left, because the server cleans up after a client has disconnected.
    pub(super) fn assert_none(root: &Path) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Self::of(root) != Self::default() {
            assert!(
                Instant::now() < deadline,
                "left behind: {:?}",
                Self::of(root)
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// All object files. Checks that the folder contains nothing else.
pub(super) fn objects(root: &Path) -> BTreeSet<String> {
    let mut objects = BTreeSet::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_ours =
            ["objects", "auth"].contains(&name.as_str()) || name.starts_with("registry.db");
        assert!(is_ours, "'{name}' is in the registry's folder");
    }
    for shard in std::fs::read_dir(root.join("objects")).unwrap() {
        let shard = shard.unwrap();
        assert_eq!(shard.file_name().len(), 2);
        for object in std::fs::read_dir(shard.path()).unwrap() {
            let name = object.unwrap().file_name().into_string().unwrap();
            let is_id = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_id, "'{name}' is among the objects");
            objects.insert(name);
        }
    }
    objects
}
