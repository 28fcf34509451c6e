use serde_json::{Value, json};

use crate::{Class, Family, TypeInfo, catalogue};

#[test]
fn the_catalogue_lists_the_ten_under_their_wire_names() {
    let catalogue = catalogue();
    assert_eq!(catalogue.len(), 10);
    let written = serde_json::to_value(&catalogue).unwrap();
    let tool = written
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["family"] == "tool")
        .unwrap();
    let mut members: Vec<_> = tool.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "artifactType",
            "class",
            "configMediaType",
            "defaultMount",
            "family",
            "kind",
            "pathSegment",
            "schema"
        ]
    );
    assert_eq!(tool["class"], "application");
    assert_eq!(tool["defaultMount"], "/etc/agent/tools/<name>");
    assert_eq!(tool["schema"]["type"], "object");
    let read: Vec<TypeInfo> = serde_json::from_value(written).unwrap();
    assert_eq!(read, catalogue);
    assert_eq!(serde_json::to_value(Family::Fileset).unwrap(), "fileset");
}

fn skill() -> Value {
    json!({
        "properties": {"kind": {"const": "Skill"}, "mount": {"type": "object"}},
        "required": ["kind"],
    })
}

#[test]
fn an_operators_family_follows_the_pattern_of_the_ten() {
    let (info, schema) = TypeInfo::of_schema("skill", skill()).unwrap();
    assert_eq!(info.kind, "Skill");
    assert_eq!(info.class, Class::Application);
    assert_eq!(info.artifact_type, "application/vnd.lens.skill.v1+json");
    assert_eq!(
        info.config_media_type,
        "application/vnd.lens.skill.config.v1+json"
    );
    assert_eq!(info.path_segment, "skills");
    assert_eq!(info.default_mount, None);
    assert_eq!(schema.faults(&json!({})).len(), 1);

    let mut own = skill();
    own["x-lazaret"] = json!({
        "artifactType": "application/vnd.acme.skill", "pathSegment": "skillz",
        "defaultMount": "/etc/agent/skills/<name>",
    });
    own["properties"]["mount"] = json!(false);
    let (info, _) = TypeInfo::of_schema("skill", own).unwrap();
    assert_eq!(info.artifact_type, "application/vnd.acme.skill");
    assert_eq!(info.path_segment, "skillz");
    assert_eq!(info.class, Class::Runtime);
    assert_eq!(
        info.default_mount.as_deref(),
        Some("/etc/agent/skills/<name>")
    );
}

#[test]
fn an_operators_family_cannot_shadow_or_be_nameless() {
    for name in ["agent", "agents", "Skill", "../skill", "", "-a"] {
        assert!(TypeInfo::of_schema(name, skill()).is_err(), "{name}");
    }
    assert!(TypeInfo::of_schema("skill", json!({})).is_err());
}
