//! Disks that hostile images bring: EROFS by hand, ext4 with `debugfs`.

use super::cost::{LARGEST, check};
use crate::support::{Image, Layer, World, tool};

const BLOCK: usize = 4096;

fn check_disk(name: &str, disk: &[u8]) {
    let world = World::new();
    world.write("disk", disk);
    for arguments in [
        &["rootfs", "ls", "disk"][..],
        &["rootfs", "cat", "disk", "/no/such/file"],
    ] {
        check(
            &format!("disk: {name}, {}", arguments[1]),
            &world.lazaret(),
            &world,
            arguments,
        );
    }
}

/// An EROFS of the largest size, whose inodes begin in block 1.
struct Erofs(Vec<u8>);

impl Erofs {
    fn new() -> Self {
        let mut disk = vec![0; LARGEST];
        disk[1024..1028].copy_from_slice(&0xe0f5_e1e2_u32.to_le_bytes());
        disk[1036] = 12;
        disk[1060..1064].copy_from_slice(&u32::try_from(LARGEST / BLOCK).unwrap().to_le_bytes());
        disk[1064..1068].copy_from_slice(&1_u32.to_le_bytes());
        Self(disk)
    }

    /// Writes an inode of 64 bytes with plain data; the root is number 0.
    fn inode(mut self, number: usize, mode: u16, size: u64, block: u32, attributes: u16) -> Self {
        let inode = &mut self.0[BLOCK + number * 32..][..64];
        inode[0] = 1;
        inode[2..4].copy_from_slice(&attributes.to_le_bytes());
        inode[4..6].copy_from_slice(&mode.to_le_bytes());
        inode[8..16].copy_from_slice(&size.to_le_bytes());
        inode[16..20].copy_from_slice(&block.to_le_bytes());
        inode[44] = 1;
        self
    }

    /// Fills blocks with the names of a directory, all of which lead to inodes in turn.
    fn names(mut self, blocks: std::ops::Range<usize>, inodes: std::ops::Range<u64>) -> Self {
        let count = BLOCK / 13;
        let mut next = inodes.cycle();
        for block in blocks {
            let bytes = &mut self.0[block * BLOCK..][..BLOCK];
            for index in 0..count {
                let record = &mut bytes[index * 12..][..12];
                record[..8].copy_from_slice(&next.next().unwrap().to_le_bytes());
                let at = u16::try_from(count * 12 + index).unwrap();
                record[8..10].copy_from_slice(&at.to_le_bytes());
            }
            bytes[count * 12..].fill(b'a');
            bytes[count * 12 + count..].fill(0);
        }
        self
    }

    fn bytes(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }
}

const DIRECTORY: u16 = 0o040_755;
const FILE: u16 = 0o100_644;
const LINK: u16 = 0o120_777;

#[test]
fn erofs() {
    let blocks = LARGEST / BLOCK;
    let whole = ((blocks - 4) * BLOCK) as u64;
    let full = || Erofs::new().inode(0, DIRECTORY, whole, 4, 0);
    check_disk(
        "erofs of names",
        &full().inode(2, FILE, 0, 0, 0).names(4..blocks, 2..3).0,
    );
    check_disk(
        "erofs of links",
        &full()
            .inode(2, LINK, 4095, 2, 0)
            .bytes(2 * BLOCK, &[b'x'; 4095])
            .names(4..blocks, 2..3)
            .0,
    );
    let shared = Erofs::new()
        .inode(0, DIRECTORY, whole - (64 << 12), 68, 0)
        .inode(2, FILE, 0, 0, 255 + 1);
    let area = [&[0, 0, 0, 0, 255][..], &[0; 7], &[0; 255 * 4]].concat();
    let attribute = [&[1, 1, 0xff, 0xff, b'a'][..], &[b'v'; 65_535]].concat();
    let shared = shared
        .bytes(BLOCK + 128, &area)
        .bytes(4 * BLOCK, &attribute)
        .bytes(1068, &4_u32.to_le_bytes());
    check_disk(
        "erofs of shared attributes",
        &shared.names(68..blocks, 2..3).0,
    );
    let mut overlapping = full();
    for number in 1..60 {
        overlapping = overlapping.inode(number * 2, DIRECTORY, whole, 4, 0);
    }
    check_disk(
        "erofs of one directory over and over",
        &overlapping.names(4..blocks, 1..60).0,
    );
    let mut overlapping = Erofs::new()
        .inode(0, DIRECTORY, BLOCK as u64, 3, 0)
        .inode(2, FILE, 0, 0, 0);
    for number in 2..60 {
        overlapping = overlapping.inode(number * 2, DIRECTORY, whole, 4, 0);
    }
    let names = (0..56)
        .flat_map(|index: u16| {
            [
                &(u64::from(index + 2) * 2).to_le_bytes()[..],
                &(56 * 12 + index).to_le_bytes(),
                &[0, 0],
            ]
            .concat()
        })
        .collect::<Vec<_>>();
    let names = [
        names,
        (0..56)
            .map(|index| b'A' + index)
            .filter(|byte| *byte != b'/')
            .collect(),
    ]
    .concat();
    check_disk(
        "erofs of directories that overlap",
        &overlapping
            .names(4..blocks, 2..3)
            .bytes(3 * BLOCK, &names)
            .0,
    );
    check_disk("erofs with a cycle", &full().names(4..blocks, 0..1).0);
    check_disk(
        "erofs with a directory of 8 EiB",
        &Erofs::new()
            .inode(0, DIRECTORY, i64::MAX as u64, 4, 0)
            .inode(2, FILE, 0, 0, 0)
            .names(4..blocks, 2..3)
            .0,
    );
    check_disk(
        "erofs with a link of 8 EiB",
        &full()
            .inode(2, LINK, i64::MAX as u64, 4, 0)
            .names(4..blocks, 2..3)
            .0,
    );
}

#[test]
fn ext4() {
    let world = World::new();
    let (disk, folder) = (world.path("ext4"), world.path("folder"));
    std::fs::create_dir_all(folder.join("d/e")).unwrap();
    for number in 0..200 {
        std::fs::write(folder.join(format!("d/{number}")), [b'x'; 300]).unwrap();
    }
    let (disk, folder) = (disk.to_str().unwrap(), folder.to_str().unwrap());
    tool("truncate", &["-s", "4M", disk]);
    let features = "^has_journal,^metadata_csum,^resize_inode";
    tool(
        "mke2fs",
        &[
            "-q", "-F", "-t", "ext4", "-b", "1024", "-O", features, "-d", folder, disk,
        ],
    );
    let sound = std::fs::read(disk).unwrap();
    for (name, commands) in [
        ("as it is", &["stat /"][..]),
        ("with a cycle", &["link /d /d/e/d"]),
        ("with a directory of 4 GiB", &["sif /d size 4294966272"]),
        (
            "with a directory of 8 EiB",
            &["sif /d size 9223372036854774784"],
        ),
        (
            "with a link of 8 EiB",
            &["symlink /l /d", "sif /l size 9223372036854774784"],
        ),
        (
            "with extents that overlap",
            &["sif /d block[5] /1000000", "sif /d size 1024000"],
        ),
        (
            "with a tree of extents to itself",
            &["sif /d block[1] 65536", "sif /d size 1024000"],
        ),
        ("with a billion inodes", &["ssv inodes_count 4294967295"]),
        ("with blocks of 64 KiB", &["ssv log_block_size 6"]),
    ] {
        std::fs::write(disk, &sound).unwrap();
        for command in commands {
            tool("debugfs", &["-w", "-R", command, disk]);
        }
        check_disk(&format!("ext4 {name}"), &std::fs::read(disk).unwrap());
    }
}

/// Clusters of a compressed disk: as much as can come out of one, and bytes that are wrong.
#[test]
fn compressed_erofs() {
    let world = World::new();
    let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
        .take(1 << 20)
        .collect();
    let zeros = vec![0; 64 << 20];
    let layer = Layer::new()
        .file("random", &random)
        .file("zeros", &zeros)
        .file("both", &[&random[..1 << 19], &zeros[..1 << 20]].concat());
    Image::new().layer(layer).write(&world.path("layout"));
    for algorithm in ["lz4", "zstd"] {
        let build = [
            "rootfs",
            "build",
            "oci:layout",
            "--fs",
            "erofs",
            "--compress",
            algorithm,
            "-o",
            "disk",
        ];
        world.lazaret().run(build).success();
        let sound = std::fs::read(world.path("disk")).unwrap();
        assert!(sound.len() < LARGEST + (1 << 20), "{}", sound.len());
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..6 {
            let mut disk = sound.clone();
            // Wrong bytes everywhere but in the superblock.
            for _ in 0..round * 200 {
                let at = random.usize(2048..disk.len());
                disk[at] = random.u8(..);
            }
            world.write("disk", &disk);
            for file in ["/zeros", "/random", "/both"] {
                let name = format!("disk: {algorithm} with {} wrong bytes, {file}", round * 200);
                check(
                    &name,
                    &world.lazaret(),
                    &world,
                    &["rootfs", "cat", "disk", file],
                );
            }
        }
    }
}
