//! A pack of more than 5 GiB, which takes minutes: `make test-packs`.

use std::io::Write as _;

use super::start;
use crate::support::World;

const MIB: usize = 1 << 20;
const CONTENT: usize = 5200;

#[test]
#[ignore = "writes 16 GiB: make test-packs"]
fn a_pack_of_more_than_5_gib_runs() {
    let world = World::new();
    let lazaret = world.python("packs-large-base:v1");
    let folder = world.path("rootfs");
    let mut file = std::fs::File::create(folder.join("large")).unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    let mut block = vec![0; MIB];
    for number in 0..CONTENT {
        random.fill(&mut block[..64 * 1024]);
        block[..8].copy_from_slice(&(number as u64).to_le_bytes());
        file.write_all(&block).unwrap();
    }
    drop(file);
    lazaret
        .run([
            "image",
            "import",
            folder.to_str().unwrap(),
            "packs-large:v1",
        ])
        .success();
    lazaret
        .run(["image", "rm", "packs-large-base:v1"])
        .success();
    std::fs::remove_dir_all(&folder).unwrap();
    lazaret
        .run([
            "pack",
            "create",
            "packs-large:v1",
            "-o",
            "large",
            "--entrypoint",
            "/usr/bin/python3",
        ])
        .success();
    lazaret.run(["image", "rm", "packs-large:v1"]).success();
    assert!(world.path("large").metadata().unwrap().len() > 5 << 30);
    let read = "import sys
f = open('/large', 'rb')
for n in (0, 2600, 5199):
    f.seek(n << 20)
    print(int.from_bytes(f.read(8), 'little'))";
    let numbers = "0\n2600\n5199\n";
    // As the one who made it, and as somebody who has never seen it: the guest checks the blocks.
    assert_eq!(
        start(&world.path("large"), &["-c", read]).success().stdout,
        numbers
    );
    let copied = world.path("copied");
    std::fs::copy(world.path("large"), &copied).unwrap();
    assert_eq!(start(&copied, &["-c", read]).success().stdout, numbers);
    // In the middle of the data, which only the guest has looked at.
    super::flip(&copied, 3 << 30);
    start(
        &copied,
        &["-c", "open('/large', 'rb').read() and print('read')"],
    )
    .status(1);
    lazaret
        .run(["pack", "verify", "copied"])
        .fails(8, &["disk 'root' is not what was packed"]);
}
