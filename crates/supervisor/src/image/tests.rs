use lazaret_oci::{Descriptor, media_type};

use super::layout::choose;
use super::*;

fn index(names: &[&str]) -> Vec<u8> {
    let entries: Vec<_> = names
        .iter()
        .map(|name| {
            let mut entry = Descriptor::of(media_type::MANIFEST, name.as_bytes());
            if !name.is_empty() {
                entry.annotations.insert(
                    "org.opencontainers.image.ref.name".to_owned(),
                    (*name).to_owned(),
                );
            }
            entry
        })
        .collect();
    serde_json::json!({ "schemaVersion": 2, "manifests": entries })
        .to_string()
        .into_bytes()
}

#[test]
fn one_image_needs_no_tag_and_several_do() {
    let place = std::path::Path::new("layout");
    let digest = |name: &str| Digest::of(name.as_bytes());
    assert_eq!(
        choose(&index(&["v1"]), None, place).unwrap().digest,
        digest("v1")
    );
    assert_eq!(
        choose(&index(&["v1", "v2"]), Some("v2"), place)
            .unwrap()
            .digest,
        digest("v2")
    );
    let whole = "docker.io/library/a:v3";
    assert_eq!(
        choose(&index(&[whole]), Some("v3"), place).unwrap().digest,
        digest(whole)
    );
    let error = choose(&index(&["v1", "v2"]), None, place)
        .unwrap_err()
        .to_string();
    assert!(error.contains("v1, v2"), "{error}");
    let error = choose(&index(&["v1"]), Some("v9"), place)
        .unwrap_err()
        .to_string();
    assert!(error.contains("'v9'") && error.contains("v1"), "{error}");
    assert!(choose(&index(&[]), None, place).is_err());
    assert!(choose(b"[]", None, place).is_err());
}

#[test]
fn names_without_a_registry_are_local() {
    assert_eq!(
        local_name("a/b").unwrap().to_string(),
        "localhost/a/b:latest"
    );
    assert_eq!(
        local_name("reg.example/a:v1").unwrap().to_string(),
        "reg.example/a:v1"
    );
    assert!(local_name("Not A Name").is_err());
}
