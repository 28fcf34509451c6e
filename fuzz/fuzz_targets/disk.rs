//! Disks read back: whatever a layer is, both file systems show the same tree of it; and whatever a
//! disk's bytes are, reading them ends.
//!
//! Input: number of changes and how an EROFS is compressed, then that many of (place in 1/65536 of the disk's metadata, value), then
//! the layer.
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use lazaret_rootfs::{
    Compression, DiskBuilder, DiskReader, FileSystem, Limits, ObjectKind, Options, Stat,
};

const LIMITS: Limits = Limits {
    bytes: 16 << 20,
    entries: 2_000,
    metadata: 4 << 20,
};

/// Every name with what is kept of it by both file systems, and its content.
type Tree = BTreeMap<Vec<u8>, (ObjectKind, u64, u32, Vec<u8>)>;

fn build(file_system: FileSystem, compression: Option<Compression>, layer: &[u8]) -> Option<File> {
    let file = tempfile::tempfile().expect("a temporary file");
    let options = Options {
        file_system,
        compression,
        limits: LIMITS,
        size: Some(64 << 20),
        ..Options::default()
    };
    let mut disk =
        DiskBuilder::create(file.try_clone().expect("a handle"), options).expect("a disk");
    disk.apply_layer(layer, "").ok()?;
    disk.finish().ok()?;
    Some(file)
}

fn content(reader: &DiskReader, stat: &Stat) -> Result<Vec<u8>, lazaret_rootfs::Error> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while bytes.len() < 16 << 20 {
        match reader.read(stat, bytes.len() as u64, &mut buffer)? {
            0 => break,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(bytes)
}

fn read(file: &File) -> Result<Tree, lazaret_rootfs::Error> {
    let reader = DiskReader::open(file.try_clone().expect("a handle"), LIMITS)?;
    let mut tree = Tree::new();
    reader.walk(|path, stat| {
        let (size, content) = match stat.kind {
            ObjectKind::Directory => (0, Vec::new()),
            ObjectKind::Symlink => (stat.size, reader.read_link(stat)?),
            _ => (stat.size, content(&reader, stat)?),
        };
        let kept = (stat.kind, size, stat.links, content);
        tree.insert(path.to_vec(), kept);
        Ok(())
    })?;
    // Every ext4 has this one, and the root counts it.
    tree.remove(&b"lost+found"[..]);
    if let Some(root) = tree.get_mut(&b""[..]) {
        root.2 = 0;
    }
    Ok(tree)
}

/// One run for one file system.
pub fn check(file_system: FileSystem, input: &[u8]) {
    let Some((&count, rest)) = input.split_first() else {
        return;
    };
    let compression = match count / 32 {
        0..=3 => None,
        4..=5 => Some(Compression::Lz4),
        _ => Some(Compression::Zstd { level: 1 }),
    };
    let count = usize::from(count % 32) * 3;
    let Some((changes, layer)) = rest.split_at_checked(count) else {
        return;
    };
    let Some(file) = build(file_system, compression, layer) else {
        return;
    };
    let other = match file_system {
        FileSystem::Ext4 => FileSystem::Erofs,
        FileSystem::Erofs => FileSystem::Ext4,
    };
    let tree = read(&file).expect("what was written is read");
    // Attributes may fit one of them only.
    if let Some(other) = build(other, compression, layer) {
        assert_eq!(tree, read(&other).expect("what was written is read"));
    }
    // The first 16 KiB byte by byte, the rest in steps: metadata is at both ends.
    let size = file.metadata().expect("a length").len();
    for change in changes.chunks(3) {
        let at = u64::from(change[0]) << 8 | u64::from(change[1]);
        let at = if at < 0x4000 {
            at
        } else {
            size * (at - 0x4000) / 0xc000
        };
        let _ = file.write_all_at(&change[2..], at.min(size - 1));
    }
    let _ = read(&file);
}
