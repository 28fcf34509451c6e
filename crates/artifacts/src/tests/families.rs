use lazaret_oci::{Descriptor, Manifest, Repository};

use crate::{Class, Error, Family};

/// The wire contract, written out: these names never change.
#[test]
fn wire_names_are_as_published() {
    let expected = [
        ("agent", "runtime", "Agent", "agents", None),
        ("sandbox", "runtime", "Sandbox", "sandboxes", None),
        ("policy", "runtime", "Policy", "policies", None),
        (
            "integration",
            "runtime",
            "Integration",
            "integrations",
            None,
        ),
        ("workflow", "runtime", "Workflow", "workflows", None),
        ("bundle", "runtime", "AgentSystem", "bundles", None),
        (
            "model",
            "application",
            "Model",
            "models",
            Some("/etc/agent/model"),
        ),
        (
            "tool",
            "application",
            "Tool",
            "tools",
            Some("/etc/agent/tools/<name>"),
        ),
        (
            "knowledge",
            "application",
            "Knowledge",
            "knowledge",
            Some("/etc/agent/knowledge/<name>"),
        ),
        ("fileset", "application", "FileSet", "filesets", None),
    ];
    for (family, (name, class, kind, segment, mount)) in Family::ALL.into_iter().zip(expected) {
        assert_eq!(family.name(), name);
        assert_eq!(family.class() == Class::Runtime, class == "runtime");
        assert_eq!(family.kind(), kind);
        assert_eq!(family.path_segment(), segment);
        assert_eq!(family.default_mount(), mount);
        assert_eq!(
            family.artifact_type(),
            format!("application/vnd.lens.{name}.v1+json")
        );
        assert_eq!(
            family.config_media_type(),
            format!("application/vnd.lens.{name}.config.v1+json")
        );
        assert_eq!(
            Family::from_artifact_type(family.artifact_type()),
            Some(family)
        );
        assert_eq!(
            Family::from_config_media_type(family.config_media_type()),
            Some(family)
        );
        assert_eq!(Family::from_kind(kind), Some(family));
        assert_eq!(name.parse(), Ok(family));
        assert_eq!(segment.parse(), Ok(family));
    }
}

#[test]
fn a_family_is_inferred_from_the_nearest_plural_left_of_the_name() {
    let cases = [
        ("acme/agents/x", Some(Family::Agent)),
        ("acme/knowledge/x", Some(Family::Knowledge)),
        ("tools/agents/x", Some(Family::Agent)),
        ("agents/tools/team/x", Some(Family::Tool)),
        ("org/acme/models/agents", Some(Family::Model)),
        ("knowledge/knowledge", Some(Family::Knowledge)),
        ("bundles/v2/deep/er/x", Some(Family::Bundle)),
        ("agents", None),
        ("acme/agents", None),
        ("acme/agent/x", None),
        ("acme/agents-old/x", None),
        ("acme/x", None),
    ];
    for (repository, expected) in cases {
        let repository: Repository = repository.parse().unwrap();
        let inferred = Family::infer(None, &repository);
        assert_eq!(inferred.clone().ok(), expected, "{repository}");
        if expected.is_none() {
            let error = inferred.unwrap_err();
            for family in Family::ALL {
                assert!(error.to_string().contains(family.path_segment()), "{error}");
            }
        }
    }
}

#[test]
fn a_named_family_wins_over_the_path() {
    let repository: Repository = "acme/agents/x".parse().unwrap();
    assert_eq!(
        Family::infer(Some("policy"), &repository),
        Ok(Family::Policy)
    );
    let error = Family::infer(Some("Agents"), &repository).unwrap_err();
    assert!(matches!(error, Error::UnknownFamily { .. }));
    for family in Family::ALL {
        assert!(error.to_string().contains(family.name()), "{error}");
    }
}

#[test]
fn the_config_type_decides_when_the_artifact_type_is_absent() {
    let tool = Family::Tool;
    let cases = [
        (None, tool.config_media_type(), Some(tool)),
        (Some(""), tool.config_media_type(), Some(tool)),
        (
            Some(tool.artifact_type()),
            "application/vnd.oci.empty.v1+json",
            Some(tool),
        ),
        (
            Some("application/vnd.other"),
            tool.config_media_type(),
            None,
        ),
        (None, "application/vnd.oci.image.config.v1+json", None),
        (
            Some(Family::Model.artifact_type()),
            tool.config_media_type(),
            Some(Family::Model),
        ),
    ];
    for (artifact_type, config, expected) in cases {
        let manifest = Manifest {
            schema_version: 2,
            media_type: None,
            artifact_type: artifact_type.map(str::to_owned),
            config: Descriptor::of(config, b"{}"),
            layers: Vec::new(),
            subject: None,
            annotations: Default::default(),
        };
        assert_eq!(
            Family::of_manifest(&manifest),
            expected,
            "{artifact_type:?}"
        );
    }
}
