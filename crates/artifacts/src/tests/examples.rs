//! Tests of the files under `examples/`, which the documentation tells people to try.

use std::path::{Path, PathBuf};

use crate::{Family, parse_source, validate};

fn hello() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/hello")
}

#[test]
fn every_example_is_valid() {
    let mut families = Vec::new();
    let folders = [hello(), hello().join("service")];
    for entry in folders.iter().flat_map(|folder| folder.read_dir().unwrap()) {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            #[expect(
                clippy::disallowed_methods,
                reason = "the examples are read as users have them"
            )]
            let document = parse_source(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let family = Family::from_kind(document["kind"].as_str().unwrap()).unwrap();
            assert_eq!(validate(family, &document), [], "{}", path.display());
            families.push(family);
        }
    }
    families.sort();
    families.dedup();
    assert_eq!(families, Family::ALL);
}

#[test]
fn every_mounted_example_has_content() {
    for content in [
        "agent/agent.py",
        "tool/count-words",
        "knowledge/venice.md",
        "fileset/greeting.txt",
    ] {
        assert!(hello().join("content").join(content).is_file(), "{content}");
    }
}
