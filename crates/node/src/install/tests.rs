//! Whole installations.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::*;

pub(super) const ALL: [Engine; 5] = [
    Engine::Containerd,
    Engine::Podman,
    Engine::Docker,
    Engine::Buildkit,
    Engine::K3s,
];

/// A wish for `http://localhost:8578` that may fall back.
pub(super) fn wish(root: &Path, engines: &[Engine], names: &[&str]) -> Wish {
    let namespace = |name: &&str| Namespace {
        name: name.parse().unwrap(),
        server: None,
    };
    Wish {
        engines: engines.to_vec(),
        mirror: MirrorUrl::new("http://localhost:8578".parse().unwrap()),
        namespaces: names.iter().map(namespace).collect(),
        fallback: true,
        root: root.to_owned(),
        places: Places::default(),
    }
}

/// A wish for `https://mirror.example:8578` with certificates, that may not fall back.
pub(super) fn strict(root: &Path, engines: &[Engine], names: &[&str]) -> Wish {
    put(root, "etc/pki/ca.pem", "-----BEGIN CERTIFICATE-----\n");
    let origin = "https://mirror.example:8578".parse().unwrap();
    Wish {
        mirror: MirrorUrl::with_certificates(origin, Path::new("/etc/pki/ca.pem")).unwrap(),
        fallback: false,
        ..wish(root, engines, names)
    }
}

pub(super) fn put(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What a plan makes of a file.
pub(super) fn after<'a>(plan: &'a Plan, path: &str) -> &'a str {
    let change = plan
        .changes
        .iter()
        .find(|change| change.path.ends_with(path));
    let change = change.unwrap_or_else(|| panic!("no change of {path} in {plan:?}"));
    change.after.as_deref().unwrap()
}

/// All folders, and all files with their bytes and permissions.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<(Vec<u8>, u32)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in lazaret_files::children(&folder).unwrap() {
            let kind = path.symlink_metadata().unwrap();
            if kind.is_dir() {
                folders.push(path.clone());
                found.insert(path, None);
            } else {
                let mode = kind.permissions().mode();
                found.insert(path.clone(), Some((fs::read(&path).unwrap(), mode)));
            }
        }
    }
    found
}

/// A node on which each engine is configured already.
fn used(root: &Path) {
    put(
        root,
        "etc/containerd/config.toml",
        "# by hand\r\nversion = 3\n\n[plugins.'io.containerd.cri.v1.images']\n  snapshotter = \"native\" # fast\n",
    );
    put(
        root,
        "etc/containerd/certs.d/docker.io/hosts.toml",
        "server = \"https://registry-1.docker.io\"\n[host.\"https://other.example\"]\n  capabilities = [\"pull\"]\n",
    );
    put(
        root,
        "etc/containers/registries.conf",
        "unqualified-search-registries = [\"docker.io\"]\n",
    );
    put(
        root,
        "etc/docker/daemon.json",
        "{\n\t\"debug\": true, \"log-level\":\"warn\"}",
    );
    put(
        root,
        "etc/buildkit/buildkitd.toml",
        "# workers\n[worker.oci]\n  enabled = true\n",
    );
    put(
        root,
        "etc/rancher/k3s/registries.yaml",
        "# keys\nconfigs:\n  quay.io:\n    auth: {username: a, password: b}\n",
    );
    let secret = fs::Permissions::from_mode(0o600);
    fs::set_permissions(root.join("etc/rancher/k3s/registries.yaml"), secret).unwrap();
}

#[test]
fn what_is_installed_is_not_planned_again() {
    for prepare in [(|_| ()) as fn(&Path), used] {
        let folder = tempfile::tempdir().unwrap();
        let (root, record) = (
            folder.path().join("root"),
            folder.path().join("record/install.json"),
        );
        fs::create_dir(&root).unwrap();
        prepare(&root);
        let wish = wish(&root, &ALL, &["docker.io", "quay.io", "_default"]);
        let first = plan(&wish).unwrap();
        assert!(first.changes.len() > 10, "{first:?}");
        apply(&first, &record).unwrap();
        assert_eq!(plan(&wish).unwrap().changes, []);
        // An empty plan needs no record.
        apply(&plan(&wish).unwrap(), &folder.path().join("none/record")).unwrap();
        assert!(!folder.path().join("none").exists());
    }
}

#[test]
fn one_reversal_undoes_two_installations_to_the_byte() {
    for prepare in [(|_| ()) as fn(&Path), used] {
        let folder = tempfile::tempdir().unwrap();
        let (root, record) = (
            folder.path().join("root"),
            folder.path().join("record/install.json"),
        );
        fs::create_dir(&root).unwrap();
        prepare(&root);
        let first = wish(&root, &ALL, &["docker.io", "quay.io"]);
        put(&root, "etc/pki/ca.pem", "-----BEGIN CERTIFICATE-----\n");
        let before = tree(&root);
        apply(&plan(&first).unwrap(), &record).unwrap();
        let middle = tree(&root);
        let mut second = strict(&root, &ALL, &["docker.io", "ghcr.io"]);
        if root.join("etc/buildkit").exists() {
            // A section of registries.yaml that is there already is its owner's.
            second.engines.pop();
        }
        apply(&plan(&second).unwrap(), &record).unwrap();
        assert_ne!(tree(&root), middle);
        let undo = undo(&record).unwrap();
        assert_eq!(undo.kept, []);
        assert_eq!(undo.plan.notices, [""; 0]);
        assert!(undo.plan.steps().contains(&Step::RestartContainerd));
        revert(&undo, Leftovers::Remember).unwrap();
        assert_eq!(tree(&root), before);
        assert!(!record.exists());
        assert!(matches!(super::undo(&record), Err(Error::NoRecord { .. })));
    }
}

#[test]
fn nothing_outside_the_root_folder_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    let root = folder.path().join("root");
    fs::create_dir_all(outside.join("containerd")).unwrap();
    fs::create_dir(&root).unwrap();
    // A folder of the node that leads elsewhere.
    symlink(&outside, root.join("etc")).unwrap();
    let error = plan(&wish(&root, &ALL, &["docker.io"])).unwrap_err();
    assert!(matches!(error, Error::Outside { .. }), "{error}");
    fs::remove_file(root.join("etc")).unwrap();
    for path in ["etc/containerd", "/etc/../../x", "/"] {
        let mut wish = wish(&root, &[Engine::Containerd], &["docker.io"]);
        wish.places.containerd = path.into();
        let error = plan(&wish).unwrap_err();
        assert!(matches!(error, Error::Path { .. }), "{path}: {error}");
    }
    // The link appears after the plan.
    let plan = plan(&wish(&root, &ALL, &["docker.io"])).unwrap();
    symlink(&outside, root.join("etc")).unwrap();
    apply(&plan, &folder.path().join("record")).unwrap_err();
    assert_eq!(fs::read_dir(outside.join("containerd")).unwrap().count(), 0);
}

#[test]
fn a_link_inside_the_root_folder_is_followed_to_folders_only() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("usr/etc/containerd")).unwrap();
    symlink("usr/etc", root.join("etc")).unwrap();
    let wish = wish(&root, &[Engine::Containerd], &["docker.io"]);
    apply(&plan(&wish).unwrap(), &folder.path().join("record")).unwrap();
    assert!(root.join("usr/etc/containerd/config.toml").is_file());
    assert!(root.join("etc").is_symlink());
    for target in ["elsewhere.toml", "/dev/null"] {
        let path = root.join("etc/containerd/config.toml");
        fs::remove_file(&path).unwrap();
        symlink(target, &path).unwrap();
        let error = plan(&wish).unwrap_err();
        assert_eq!(
            error.to_string().split_once("' is ").unwrap().1,
            "a symbolic link, and only a regular file is ever replaced"
        );
    }
}

#[test]
fn hostile_files_are_refused_and_stay() {
    let big = vec![b'#'; (1 << 20) + 1];
    let deep = format!("{}=1", vec!["a"; 200_000].join("."));
    let nested = format!("a = {}", "[".repeat(500_000));
    let braces = "{\"a\":".repeat(100_000);
    let many: [(&str, &[u8]); 12] = [
        ("etc/containerd/config.toml", &big),
        ("etc/containerd/config.toml", b"\xff\xfe"),
        ("etc/containerd/config.toml", b"version = \x1b[2J"),
        ("etc/containerd/config.toml", deep.as_bytes()),
        ("etc/containerd/config.toml", nested.as_bytes()),
        ("etc/containerd/config.toml", b"version = 2\nplugins = 7\n"),
        ("etc/buildkit/buildkitd.toml", b"registry = \"x\"\n"),
        ("etc/docker/daemon.json", b"[1, 2]"),
        ("etc/docker/daemon.json", braces.as_bytes()),
        (
            "etc/docker/daemon.json",
            b"{\"registry-mirrors\": \"http://x\"}",
        ),
        ("etc/rancher/k3s/registries.yaml", b"mirrors: [a\n"),
        ("etc/rancher/k3s/registries.yaml", b"- a\n- b\n"),
    ];
    for (path, text) in many {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), path, text);
        let error = plan(&wish(folder.path(), &ALL, &["docker.io"])).unwrap_err();
        let shown = lazaret_values::Chain(&error).to_string();
        assert!(shown.contains(path), "{shown}");
        assert!(!shown.contains(char::is_control), "{shown}");
        assert!(shown.len() < 600, "{shown}");
        assert_eq!(fs::read(folder.path().join(path)).unwrap(), text);
    }
}

#[test]
fn two_engines_may_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut wish = wish(
        folder.path(),
        &[Engine::Containerd, Engine::Docker],
        &["quay.io"],
    );
    wish.places.containerd_hosts = Some("/etc/docker/certs.d".into());
    let plan = plan(&wish).unwrap();
    let paths: Vec<&PathBuf> = plan.changes.iter().map(|change| &change.path).collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(after(&plan, "config.toml").contains("config_path = \"/etc/docker/certs.d\""));
}
