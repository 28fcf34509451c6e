use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::super::tests::{put, wish};
use super::super::{Engine, Error, Leftovers, apply, plan, revert, undo};

const ENGINES: [Engine; 2] = [Engine::Containerd, Engine::Buildkit];

#[test]
fn a_plan_that_is_out_of_date_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = (folder.path().join("root"), folder.path().join("record"));
    fs::create_dir(&root).unwrap();
    let plan = plan(&wish(&root, &ENGINES, &["docker.io"])).unwrap();
    put(&root, "etc/buildkit/buildkitd.toml", "debug = true\n");
    match apply(&plan, &record) {
        Err(Error::Stale { path }) => assert!(path.ends_with("buildkitd.toml")),
        other => panic!("{other:?}"),
    }
    assert!(!record.exists() && !root.join("etc/containerd").exists());
}

#[test]
fn permissions_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = (folder.path().join("root"), folder.path().join("record"));
    put(&root, "etc/buildkit/buildkitd.toml", "debug = true\n");
    let path = root.join("etc/buildkit/buildkitd.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    apply(
        &plan(&wish(&root, &ENGINES, &["docker.io"])).unwrap(),
        &record,
    )
    .unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn what_was_half_installed_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let record = folder.path().join("state/record");
    put(&root, "etc/containerd/config.toml", "version = 3\n");
    let plan = plan(&wish(&root, &ENGINES, &["docker.io"])).unwrap();
    assert_eq!(plan.changes.len(), 3);
    // No folder can be made where a file is. It appears after the plan.
    put(&root, "etc/buildkit", "in the way");
    let error = apply(&plan, &record).unwrap_err();
    assert!(matches!(error, Error::Files(_)), "{error:?}");
    let config = || fs::read_to_string(root.join("etc/containerd/config.toml")).unwrap();
    assert!(config().contains("config_path"));
    let undone = undo(&record).unwrap();
    let written: Vec<_> = undone
        .plan
        .changes
        .iter()
        .map(|change| &change.path)
        .collect();
    assert_eq!(written, [&plan.changes[1].path, &plan.changes[0].path]);
    assert_eq!(undone.kept, []);
    revert(&undone, Leftovers::Remember).unwrap();
    assert_eq!(config(), "version = 3\n");
    assert!(!root.join("etc/containerd/certs.d").exists());
    assert!(root.join("etc/buildkit").is_file() && !record.exists());
}

#[test]
fn where_nothing_can_be_written_nothing_is_to_undo() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    // Not even root makes folders there.
    let plan = plan(&wish(Path::new("/proc"), &ENGINES, &["docker.io"])).unwrap();
    let error = apply(&plan, &record).unwrap_err();
    assert!(matches!(error, Error::Files(_)), "{error:?}");
    let undone = undo(&record).unwrap();
    assert_eq!((undone.plan.changes.len(), undone.kept.len()), (0, 0));
    revert(&undone, Leftovers::Remember).unwrap();
    assert!(!record.exists());
}

#[test]
fn an_installation_that_failed_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = (folder.path().join("root"), folder.path().join("record"));
    put(&root, "etc/containerd/config.toml", "version = 3\n");
    let wish = wish(&root, &ENGINES, &["docker.io"]);
    let first = plan(&wish).unwrap();
    put(&root, "etc/buildkit", "in the way");
    apply(&first, &record).unwrap_err();
    fs::remove_file(root.join("etc/buildkit")).unwrap();
    let rest = plan(&wish).unwrap();
    assert_eq!(rest.changes, first.changes[2..]);
    apply(&rest, &record).unwrap();
    let undone = undo(&record).unwrap();
    assert_eq!((undone.plan.changes.len(), undone.kept.len()), (3, 0));
    revert(&undone, Leftovers::Remember).unwrap();
    assert!(!root.join("etc/buildkit").exists() && !root.join("etc/containerd/certs.d").exists());
}

#[test]
fn a_link_that_appears_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = (folder.path().join("root"), folder.path().join("record"));
    fs::create_dir_all(root.join("etc/containerd")).unwrap();
    fs::write(folder.path().join("victim"), "untouched").unwrap();
    let plan = plan(&wish(&root, &ENGINES, &["docker.io"])).unwrap();
    symlink(
        folder.path().join("victim"),
        root.join("etc/containerd/config.toml"),
    )
    .unwrap();
    assert!(matches!(
        apply(&plan, &record),
        Err(Error::Irregular { .. })
    ));
    assert_eq!(
        fs::read(folder.path().join("victim")).unwrap(),
        b"untouched"
    );
}

#[test]
fn a_record_belongs_to_one_root_folder() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    for (name, is_first) in [("one", true), ("two", false)] {
        let root = folder.path().join(name);
        fs::create_dir(&root).unwrap();
        let outcome = apply(
            &plan(&wish(&root, &ENGINES, &["docker.io"])).unwrap(),
            &record,
        );
        match (outcome, is_first) {
            (Ok(()), true) | (Err(Error::Record { .. }), false) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(!folder.path().join("two/etc").exists());
}
