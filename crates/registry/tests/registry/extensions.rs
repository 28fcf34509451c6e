//! Tests of `/ext/v1/types` and of the discovery of extensions.

use lazaret_artifacts::Family;

use crate::support::served;

#[test]
fn the_families_are_listed_with_their_schemas() {
    let (_parent, served) = served();
    let types = served.get("/ext/v1/types").json()["types"].clone();
    let types = types.as_array().unwrap();
    assert_eq!(types.len(), 10);
    for family in Family::ALL {
        let entry = types
            .iter()
            .find(|entry| entry["family"] == family.name())
            .unwrap();
        assert_eq!(entry["artifactType"], family.artifact_type());
        assert_eq!(entry["configMediaType"], family.config_media_type());
        assert!(entry["schema"].is_object());
    }
}

#[test]
fn extensions_are_discoverable() {
    let (_parent, served) = served();
    let reply = served.get("/v2/_oci/ext/discover");
    let extensions = reply.json()["extensions"].clone();
    for extension in extensions.as_array().unwrap() {
        for member in ["name", "url", "description", "endpoints"] {
            assert!(!extension[member].is_null(), "{member}");
        }
        for endpoint in extension["endpoints"].as_array().unwrap() {
            assert_eq!(served.get(endpoint.as_str().unwrap()).status, 200);
        }
    }
}
