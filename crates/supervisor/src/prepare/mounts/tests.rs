use lazaret_artifacts::{AgentSpec, Resolved, Resources, RunFlags, RunKind};
use lazaret_oci::{ImageConfig, ProcessConfig, Reference};

use super::*;

fn request(name: Option<&str>, target: &str, read_only: bool) -> VolumeRequest {
    VolumeRequest {
        name: name.map(str::to_owned),
        target: target.parse().unwrap(),
        read_only,
        copy: true,
    }
}

fn memory(target: &str) -> (GuestPath, MemoryMount) {
    let mount = MemoryMount {
        target: target.to_owned(),
        size: None,
        mode: 0o1777,
        uid: 0,
        gid: 0,
        read_only: false,
        exec: false,
        suid: false,
        dev: false,
    };
    (target.parse().unwrap(), mount)
}

/// A run of an agent with these volumes, and those of the request.
fn spec(of_agent: &[&str], requested: &[Named]) -> RunSpec {
    let image: Reference = "localhost:5000/acme/images/x:v1".parse().unwrap();
    let resolved = Resolved {
        kind: RunKind::Agent,
        name: None,
        reference: image.clone(),
        image,
        agent: AgentSpec {
            volumes: of_agent.iter().map(|text| text.parse().unwrap()).collect(),
            ..AgentSpec::default()
        },
        resources: Resources::default(),
        capabilities: None,
        policy: None,
        integrations: Vec::new(),
        mounts: Vec::new(),
        workflow: None,
        components: Vec::new(),
        warnings: Vec::new(),
    };
    let image = ImageConfig {
        config: ProcessConfig {
            cmd: vec!["true".to_owned()],
            ..ProcessConfig::default()
        },
        ..ImageConfig::default()
    };
    let flags = RunFlags {
        volumes: requested.iter().map(|named| named.volume.clone()).collect(),
        ..RunFlags::default()
    };
    RunSpec::merge(resolved, &image, flags).unwrap()
}

#[test]
fn volumes_of_agent_and_request_are_attached_once_each() {
    let requested = named(&[
        request(Some("data"), "/data", true),
        request(Some("data"), "/other", false),
        request(None, "/anonymous", false),
        request(Some("logs"), "/logs", true),
    ]);
    let spec = spec(&["cache:/cache", "old:/data"], &requested);
    let attached = attach(&spec, &requested, &[], &Volumes::new("volumes".as_ref()));
    let disks: Vec<_> = attached
        .disks
        .iter()
        .map(|disk| (disk.serial.as_str(), disk.read_only))
        .collect();
    // `data` is written to at one of its paths.
    assert_eq!(
        disks,
        [
            ("vol0", false),
            ("vol1", false),
            ("vol2", false),
            ("vol3", true)
        ]
    );
    let uses: Vec<_> = attached
        .uses
        .iter()
        .map(|volume| (volume.target.as_str(), volume.name.len(), volume.anonymous))
        .collect();
    assert_eq!(
        uses,
        [
            ("/cache", 5, false),
            ("/data", 4, false),
            ("/other", 4, false),
            ("/anonymous", 64, true),
            ("/logs", 4, false)
        ]
    );
    check((&requested, &[]), &[memory("/cache/inner")], &spec).unwrap();
}

#[test]
fn two_things_at_one_path_are_refused() {
    let refused = |of_agent: &[&str], requests: &[VolumeRequest], memory: &[_]| {
        let requested = named(requests);
        let spec = spec(of_agent, &requested);
        check((&requested, &[]), memory, &spec)
            .unwrap_err()
            .to_string()
    };
    let twice = [
        request(Some("a"), "/x", false),
        request(Some("b"), "/x", false),
    ];
    let message = refused(&[], &twice, &[]);
    assert!(
        message.contains("taken by") && message.contains("/x"),
        "{message}"
    );
    let message = refused(&[], &twice[..1], &[memory("/x")]);
    assert!(message.contains("tmpfs"), "{message}");
    let message = refused(&["a:/x"], &[], &[memory("/x")]);
    assert!(message.contains("volume a"), "{message}");
    let message = refused(&[], &[], &[memory("/y"), memory("/y")]);
    assert!(message.contains("/y"), "{message}");
}

/// A folder of the host at a path of the machine.
fn folder(host: &std::path::Path, target: &str) -> Vec<Settled> {
    let request = crate::prepare::FolderRequest {
        source: host.to_owned(),
        target: target.parse().unwrap(),
        read_only: false,
    };
    crate::prepare::folders::settle(&[request]).unwrap()
}

#[test]
fn folders_of_the_host_are_only_those_that_the_user_names() {
    let host = tempfile::tempdir().unwrap();
    let folders = folder(host.path(), "/src");
    // An agent's own folder is attached nowhere.
    let spec = spec(&["/etc:/etc-of-host", "/home:/src"], &[]);
    let attached = attach(&spec, &[], &folders, &Volumes::new("volumes".as_ref()));
    let folders: Vec<_> = attached.folders.iter().collect();
    let targets: Vec<_> = folders.iter().map(|folder| &folder.target).collect();
    assert_eq!(targets, ["/src"]);
    assert!(attached.disks.is_empty());
}

#[test]
fn a_folder_of_the_host_shares_no_path() {
    let host = tempfile::tempdir().unwrap();
    let folders = folder(host.path(), "/x");
    let requested = named(&[request(Some("a"), "/x", false)]);
    let spec = spec(&[], &requested);
    let error = check((&requested, &folders), &[], &spec).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("taken by") && error.contains("host path"),
        "{error}"
    );
    let alone = self::spec(&[], &[]);
    let error = check((&[], &folders), &[memory("/x")], &alone).unwrap_err();
    assert!(error.to_string().contains("tmpfs"), "{error}");
}
