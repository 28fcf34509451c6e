use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::super::tests::{put, wish};
use super::super::{Engine, Error, Leftovers, Reason, apply, plan, revert, undo};

const ENGINES: [Engine; 2] = [Engine::Containerd, Engine::Buildkit];
const BUILDKIT: &str = "etc/buildkit/buildkitd.toml";

fn installed(folder: &Path) -> (PathBuf, PathBuf) {
    let (root, record) = (folder.join("root"), folder.join("record"));
    put(&root, BUILDKIT, "debug = true\n");
    apply(
        &plan(&wish(&root, &ENGINES, &["docker.io"])).unwrap(),
        &record,
    )
    .unwrap();
    (root, record)
}

#[test]
fn a_file_that_somebody_has_changed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    put(&root, BUILDKIT, "debug = false\n");
    let undone = undo(&record).unwrap();
    assert_eq!(undone.kept.len(), 1);
    assert_eq!(undone.kept[0].reason, Reason::Changed);
    assert_eq!(undone.kept[0].before.as_deref(), Some("debug = true\n"));
    revert(&undone, Leftovers::Remember).unwrap();
    assert_eq!(fs::read(root.join(BUILDKIT)).unwrap(), b"debug = false\n");
    assert!(!root.join("etc/containerd").exists());
    // It is known until it is as it was, or is given up.
    assert_eq!(undo(&record).unwrap().kept, undone.kept);
    put(&root, BUILDKIT, "debug = true\n");
    let again = undo(&record).unwrap();
    assert_eq!((again.kept.len(), again.plan.changes.len()), (0, 0));
    revert(&again, Leftovers::Remember).unwrap();
    assert!(!record.exists());
}

#[test]
fn leftovers_can_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    put(&root, BUILDKIT, "debug = false\n");
    revert(&undo(&record).unwrap(), Leftovers::Forget).unwrap();
    assert!(!record.exists());
    assert_eq!(fs::read(root.join(BUILDKIT)).unwrap(), b"debug = false\n");
}

#[test]
fn files_that_are_gone_or_no_files_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    fs::remove_file(root.join(BUILDKIT)).unwrap();
    let config = root.join("etc/containerd/config.toml");
    fs::remove_file(&config).unwrap();
    symlink("elsewhere", &config).unwrap();
    let undone = undo(&record).unwrap();
    assert_eq!(undone.kept[0].reason, Reason::Removed);
    assert!(
        matches!(&undone.kept[1].reason, Reason::Unreadable(why) if why.contains("a symbolic link"))
    );
    revert(&undone, Leftovers::Remember).unwrap();
    assert!(config.is_symlink() && record.exists());
    // Removing what was made is what a reversal would do.
    fs::remove_file(&config).unwrap();
    assert_eq!(undo(&record).unwrap().kept.len(), 1);
}

#[test]
fn a_change_between_two_installations_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    let edited = fs::read_to_string(root.join(BUILDKIT)).unwrap() + "# mine\n";
    put(&root, BUILDKIT, &edited);
    apply(
        &plan(&wish(&root, &ENGINES, &["quay.io"])).unwrap(),
        &record,
    )
    .unwrap();
    let undone = undo(&record).unwrap();
    assert_eq!(undone.plan.notices.len(), 1, "{:?}", undone.plan.notices);
    revert(&undone, Leftovers::Remember).unwrap();
    assert_eq!(fs::read_to_string(root.join(BUILDKIT)).unwrap(), edited);
}

#[test]
fn folders_of_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    put(&root, "etc/containerd/certs.d/docker.io/notes.txt", "mine");
    revert(&undo(&record).unwrap(), Leftovers::Remember).unwrap();
    assert!(!record.exists());
    assert!(
        root.join("etc/containerd/certs.d/docker.io/notes.txt")
            .exists()
    );
    assert!(
        !root
            .join("etc/containerd/certs.d/docker.io/hosts.toml")
            .exists()
    );
}

#[test]
fn a_plan_that_is_out_of_date_undoes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    let undone = undo(&record).unwrap();
    put(&root, BUILDKIT, "debug = false\n");
    match revert(&undone, Leftovers::Forget) {
        Err(Error::Stale { path }) => assert!(path.ends_with(BUILDKIT)),
        other => panic!("{other:?}"),
    }
    assert!(root.join("etc/containerd/config.toml").exists() && record.exists());
    // Another installation came between.
    let undone = undo(&record).unwrap();
    apply(
        &plan(&wish(&root, &ENGINES, &["quay.io"])).unwrap(),
        &record,
    )
    .unwrap();
    match revert(&undone, Leftovers::Forget) {
        Err(Error::Stale { path }) => assert_eq!(path, record),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_that_names_other_places_reaches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, record) = installed(folder.path());
    fs::write(folder.path().join("victim"), "debug = true\n").unwrap();
    let text = fs::read_to_string(&record).unwrap();
    let path = root.canonicalize().unwrap().join(BUILDKIT);
    let victim = root.canonicalize().unwrap().join("../victim");
    let forged = text.replace(path.to_str().unwrap(), victim.to_str().unwrap());
    assert_ne!(forged, text);
    fs::write(&record, forged).unwrap();
    let undone = undo(&record).unwrap();
    assert!(
        matches!(&undone.kept[0].reason, Reason::Unreadable(why) if why.contains("leads out of"))
    );
}
