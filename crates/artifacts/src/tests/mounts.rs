use lazaret_oci::{Descriptor, Reference};
use serde_json::json;

use super::{config, minimal, set};
use crate::{
    ArtifactMount, Config, Error, Family, GuestPath, Mount, MountFlag, Payload, arrange_mounts,
    mount_target, validate,
};

fn path(text: &str) -> GuestPath {
    text.parse().unwrap()
}

#[test]
fn guest_paths() {
    let cases = [
        ("/opt/data", Some("/opt/data")),
        ("/opt/data/", Some("/opt/data")),
        ("/a", Some("/a")),
        ("/..a/b..", Some("/..a/b..")),
        ("/.a/...", Some("/.a/...")),
        ("/développement/x y", Some("/développement/x y")),
        ("/process", Some("/process")),
        ("/etc/agent/model", Some("/etc/agent/model")),
        ("", None),
        ("/", None),
        ("//", None),
        ("opt", None),
        ("./opt", None),
        ("/opt/../etc", None),
        ("/..", None),
        ("/opt/..", None),
        ("/opt/./x", None),
        ("/opt/.", None),
        ("/opt//x", None),
        ("/opt//", None),
        ("/opt\n", None),
        ("/opt\0x", None),
        ("/proc", None),
        ("/proc/1", None),
        ("/sys/", None),
        ("/dev/shm", None),
        ("~/x", None),
    ];
    for (text, expected) in cases {
        let parsed = text.parse::<GuestPath>().ok();
        assert_eq!(parsed.as_ref().map(GuestPath::as_str), expected, "{text:?}");
        // The schema refuses the same.
        let mut fileset = minimal(Family::Fileset);
        set(&mut fileset, "/mount/path", json!(text));
        let faults = validate(Family::Fileset, &fileset);
        assert_eq!(
            faults.is_empty(),
            expected.is_some(),
            "{text:?}: {faults:?}"
        );
    }
}

#[test]
fn targets() {
    let own = Mount {
        path: Some(path("/own")),
        read_only: false,
    };
    let mode_only = Mount {
        path: None,
        read_only: false,
    };
    let given = path("/given");
    let cases = [
        (Family::Model, None, None, Some(("/etc/agent/model", true))),
        (Family::Tool, None, None, Some(("/etc/agent/tools/x", true))),
        (
            Family::Knowledge,
            None,
            None,
            Some(("/etc/agent/knowledge/x", true)),
        ),
        (Family::Fileset, Some(&own), None, Some(("/own", false))),
        (Family::Fileset, None, Some(&given), Some(("/given", true))),
        (
            Family::Fileset,
            Some(&own),
            Some(&given),
            Some(("/given", false)),
        ),
        (Family::Tool, Some(&own), None, Some(("/own", false))),
        (
            Family::Tool,
            Some(&mode_only),
            None,
            Some(("/etc/agent/tools/x", false)),
        ),
        (Family::Fileset, None, None, None),
        (Family::Agent, None, Some(&given), None),
        (Family::Bundle, None, None, None),
    ];
    for (family, mount, flag, expected) in cases {
        let target = mount_target(family, "x", mount, flag).ok();
        let target = target.as_ref().map(|t| (t.path.as_str(), t.read_only));
        assert_eq!(target, expected, "{family}");
    }
    let error = mount_target(Family::Fileset, "x", None, None).unwrap_err();
    assert!(matches!(error, Error::MountPathMissing { .. }), "{error}");
    let error = mount_target(Family::Policy, "x", None, None).unwrap_err();
    assert!(error.to_string().contains("a policy"), "{error}");
}

#[test]
fn flags() {
    let cases = [
        (
            "localhost:5000/acme/x",
            Some(("localhost:5000/acme/x", None)),
        ),
        (
            "localhost:5000/acme/x:v1",
            Some(("localhost:5000/acme/x:v1", None)),
        ),
        (
            "localhost:5000/acme/x:v1:/opt/data",
            Some(("localhost:5000/acme/x:v1", Some("/opt/data"))),
        ),
        (
            "localhost:5000/acme/x:/opt/",
            Some(("localhost:5000/acme/x", Some("/opt"))),
        ),
        (
            "[::1]:5000/acme/x:v1:/a",
            Some(("[::1]:5000/acme/x:v1", Some("/a"))),
        ),
        (
            "acme/x:v1:/a/b",
            Some(("host.example/acme/x:v1", Some("/a/b"))),
        ),
        ("acme/x", Some(("host.example/acme/x", None))),
        ("acme/x:/", None),
        ("acme/x:/a:/b", None),
        ("acme/x:/a:ro", None),
        ("acme/x:/../b", None),
        ("acme/x:v1:data", None),
        ("https://localhost/acme/x", None),
        (":/a", None),
        ("", None),
    ];
    let default = "host.example".parse().unwrap();
    for (text, expected) in cases {
        let flag = MountFlag::parse(text, Some(&default)).ok();
        let flag = flag.map(|f| (f.reference.to_string(), f.path.map(|p| p.to_string())));
        let expected = expected.map(|(r, p)| (r.to_owned(), p.map(str::to_owned)));
        assert_eq!(flag, expected, "{text}");
    }
    let digest = format!("localhost/acme/x@sha256:{}:/opt", "a".repeat(64));
    let flag = MountFlag::parse(&digest, None).unwrap();
    assert!(flag.reference.digest.is_some());
    assert_eq!(flag.path, Some(path("/opt")));
    assert!(MountFlag::parse("acme/x", None).is_err());
}

fn reference(name: &str) -> Reference {
    format!("localhost:5000/acme/{name}").parse().unwrap()
}

fn mount(family: Family, at: &str) -> ArtifactMount {
    let config = Config::parse(family, minimal(family)).unwrap();
    let name = at.replace('/', "-").trim_matches('-').to_owned();
    ArtifactMount::new(reference(&name), &config, &[], Some(&path(at))).unwrap()
}

#[test]
fn folders_are_mounted_before_what_goes_into_them() {
    let mounts = ["/a-b", "/a/b/c", "/a", "/z", "/a/b"].map(|at| mount(Family::Tool, at));
    let order: Vec<_> = arrange_mounts(mounts.into())
        .unwrap()
        .into_iter()
        .map(|mount| mount.target.path.to_string())
        .collect();
    assert_eq!(order, ["/a", "/a/b", "/a/b/c", "/a-b", "/z"]);
}

#[test]
fn two_artifacts_cannot_claim_one_place() {
    let cases = [
        (Family::Tool, "/a", Family::Knowledge, "/a", true),
        (Family::Model, "/a", Family::Tool, "/a/b", true),
        (Family::Tool, "/a", Family::Model, "/a/b", false),
        (Family::Model, "/a", Family::Tool, "/ab", false),
    ];
    for (first, at, second, inside, refused) in cases {
        let result = arrange_mounts(vec![mount(second, inside), mount(first, at)]);
        assert_eq!(
            matches!(result, Err(Error::MountConflict { .. })),
            refused,
            "{first} {at}, {second} {inside}"
        );
    }
}

#[test]
fn a_model_is_its_spec_and_the_others_their_layers() {
    let model = config(Family::Model, json!({"provider": "p", "model": "m"}));
    let mount = ArtifactMount::new(reference("m"), &model, &[], None).unwrap();
    assert_eq!(
        mount.payload,
        Payload::File(br#"{"model":"m","provider":"p"}"#.to_vec())
    );
    assert!(!mount.is_empty());

    let tool = config(Family::Tool, json!({}));
    let layers = [
        Descriptor::empty(),
        Descriptor::of("application/vnd.oci.image.layer.v1.tar+gzip", b"x"),
    ];
    let mount = ArtifactMount::new(reference("t"), &tool, &layers, None).unwrap();
    assert_eq!(mount.payload, Payload::Layers(layers[1..].to_vec()));
    let mount = ArtifactMount::new(reference("t"), &tool, &layers[..1], None).unwrap();
    assert!(mount.is_empty());
}
