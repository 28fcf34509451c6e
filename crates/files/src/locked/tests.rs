//! Tests that locked folders are removed with their process.

use std::fs;
use std::path::PathBuf;

use crate::LockedDirs;

#[test]
fn a_folder_goes_with_its_owner() {
    let parent = tempfile::tempdir().unwrap();
    let dirs = LockedDirs::new(parent.path());
    let first = dirs.create().unwrap();
    let second = dirs.create().unwrap();
    fs::create_dir(first.path().join("deep")).unwrap();
    fs::write(first.path().join("deep/file"), b"x").unwrap();
    assert_eq!(dirs.sweep().unwrap(), Vec::<PathBuf>::new());
    let path = first.path().to_owned();
    drop(first);
    assert!(!path.exists());
    let path = second.path().to_owned();
    second.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn what_the_dead_left_is_swept_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let dirs = LockedDirs::new(parent.path());
    let live = dirs.create().unwrap();
    let dead = parent.path().join("lazaret-0123456789abcdef");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("pid"), b"1").unwrap();
    let target = parent.path().join("target");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("kept"), b"").unwrap();
    std::os::unix::fs::symlink(&target, parent.path().join("lazaret-fedcba9876543210")).unwrap();
    fs::write(parent.path().join("lazaret-00000000000000ff"), b"").unwrap();
    fs::create_dir(parent.path().join("lazaret-mine")).unwrap();
    let mut seen = Vec::new();
    let swept = dirs
        .sweep_with(|path| seen.push((path.to_owned(), fs::read(path.join("pid")).unwrap())))
        .unwrap();
    assert_eq!(swept, std::slice::from_ref(&dead));
    assert_eq!(seen, [(dead.clone(), b"1".to_vec())]);
    assert!(!dead.exists());
    assert!(live.path().exists());
    assert!(target.join("kept").exists());
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 5);
}

#[test]
fn creators_and_sweepers_do_not_disturb_each_other() {
    let parent = tempfile::tempdir().unwrap();
    let dirs = LockedDirs::new(parent.path());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sweeper = scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                dirs.sweep().unwrap();
            }
        });
        let creators: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let dir = dirs.create().unwrap();
                        fs::write(dir.path().join("x"), b"").unwrap();
                        assert!(dir.path().join("x").exists());
                    }
                })
            })
            .collect();
        for creator in creators {
            creator.join().unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        sweeper.join().unwrap();
    });
}
