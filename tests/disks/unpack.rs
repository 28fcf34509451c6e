//! Unpacks the same image with containerd, and several times with `rootfs build`.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_oci::Digest;

use super::tree::{self, Tree};
use crate::support::{Containerd, World, tool};

/// Our result and containerd's for one image.
pub(super) struct Unpacked {
    pub(super) ours: Tree,
    pub(super) theirs: Tree,
}

/// Unpacks the layout that `world` has at `layout`, tagged `v1`. All our disks must show the same
/// tree.
#[track_caller]
pub(super) fn unpack(world: &World, layout: &Path, containerd: &Containerd) -> Unpacked {
    let by_us = |fs, more: &[&str]| disk(world, layout, fs, more).expect("root mounts");
    let ours = by_us("ext4", &[]);
    assert_eq!(differences(&by_us("erofs", &[]), &ours), [""; 0]);
    // Zstandard needs a newer kernel; the tests of the disk writers cover it.
    let compressed = by_us("erofs", &["--compress", "lz4"]);
    assert_eq!(differences(&compressed, &ours), [""; 0]);
    Unpacked {
        ours,
        theirs: by_containerd(world, layout, containerd),
    }
}

/// Differences, except two kinds of times: containerd gives folders that no layer describes the
/// time of unpacking, and moves times before 1970 to that year.
pub(super) fn differences(ours: &Tree, theirs: &Tree) -> Vec<String> {
    let paths = ours.keys().chain(theirs.keys());
    let paths: std::collections::BTreeSet<&Vec<u8>> = paths.collect();
    let recent = |seconds: i64| {
        let age = SystemTime::now() - Duration::from_secs(3600);
        u64::try_from(seconds).unwrap_or(0) > age.duration_since(UNIX_EPOCH).unwrap().as_secs()
    };
    let different = paths.into_iter().filter_map(|path| {
        let (mut mine, theirs) = (ours.get(path).cloned(), theirs.get(path));
        if let (Some(mine), Some(theirs)) = (&mut mine, theirs)
            && (recent(theirs.mtime.0) || (mine.mtime.0 < 0 && theirs.mtime == (0, 0)))
        {
            mine.mtime = theirs.mtime;
        }
        let path = String::from_utf8_lossy(path);
        (mine.as_ref() != theirs).then(|| format!("{path}\n  ours   {mine:?}\n  theirs {theirs:?}"))
    });
    different.collect()
}

/// The tree that the kernel shows of the disk; `None` when only root could mount it.
pub(super) fn disk(world: &World, layout: &Path, fs: &str, more: &[&str]) -> Option<Tree> {
    let path = world.path(&format!("disk.{fs}"));
    let source = format!("oci:{}:v1", layout.display());
    let output = path.to_str().unwrap();
    let build = ["rootfs", "build", &source, "-o", output, "--fs", fs];
    world.lazaret().run([&build[..], more].concat()).success();
    check(&path, fs);
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let point = world.path(&format!("mounted-{fs}"));
    std::fs::create_dir_all(&point).unwrap();
    tool("mount", &["-o", "loop,ro", output, point.to_str().unwrap()]);
    let tree = std::panic::catch_unwind(|| tree::read(&point));
    unmount(&point);
    let mut tree = tree.unwrap();
    if fs == "ext4" {
        tree.remove(&b"lost+found"[..]);
    }
    Some(tree)
}

/// Runs the checker of the file system, which must find no fault.
pub(super) fn check(path: &Path, fs: &str) {
    let path = path.to_str().unwrap();
    match fs {
        "ext4" => tool("e2fsck", &["-fn", path]),
        _ => tool("fsck.erofs", &["--extract", path]),
    };
}

fn by_containerd(world: &World, layout: &Path, containerd: &Containerd) -> Tree {
    let archive = world.path("archive.tar");
    let archive = archive.to_str().unwrap();
    tool(
        "tar",
        &["-cf", archive, "-C", layout.to_str().unwrap(), "."],
    );
    let name = layout.file_name().unwrap().to_str().unwrap();
    let base = format!("test/{name}");
    let import = ["images", "import", "--snapshotter", "native", "--base-name"];
    containerd.ctr(&[&import[..], &[&base, archive]].concat());
    let view = ["snapshots", "--snapshotter", "native", "view"];
    let key = format!("view-{name}");
    // It prints `mount -t bind FOLDER TARGET ...`; only the folder is needed.
    let more = ["--target", "/target", &key, &chain_id(layout)];
    let command = containerd.ctr(&[&view[..], &more].concat());
    let words: Vec<&str> = command.split_whitespace().collect();
    let folder = words[words.iter().position(|word| *word == "/target").unwrap() - 1];
    tree::read(Path::new(folder))
}

/// The chain id of all layers (image-spec, "Layer ChainID").
fn chain_id(layout: &Path) -> String {
    let read = |descriptor: &serde_json::Value| -> serde_json::Value {
        let digest: Digest = descriptor["digest"].as_str().unwrap().parse().unwrap();
        let path = layout.join("blobs/sha256").join(digest.hex());
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let index = std::fs::read(layout.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let config = read(&read(&index["manifests"][0])["config"]);
    let diff_ids = config["rootfs"]["diff_ids"].as_array().unwrap();
    let diff_ids = diff_ids.iter().map(|id| id.as_str().unwrap().to_owned());
    diff_ids
        .reduce(|chain, id| Digest::of(format!("{chain} {id}").as_bytes()).to_string())
        .unwrap()
}

pub(super) fn unmount(point: &Path) {
    // A process that is just starting may keep it busy for a moment.
    for _ in 0..100 {
        let done = Command::new("umount").arg(point).output().unwrap();
        if done.status.success() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{} cannot be unmounted", point.display());
}
