//! Packs that are not as they were made: refused before anything of them is used.

use super::{GREETING, copy, flip, imported, parts, shared, start};
use crate::support::{Image, Layer, World, tool};

/// At the borders and at a place in the middle of each part.
#[test]
fn a_flipped_byte_of_any_part_is_refused_before_it_is_used() {
    let world = World::new();
    let lazaret = world.machine();
    let path = copy(&world, "flipped");
    let text = path.to_str().unwrap();
    let parts = parts(&path);
    assert_eq!(parts.len(), 5);
    for (name, offset, size) in &parts {
        for at in [*offset, offset + size / 2 + 123 % size, offset + size - 1] {
            let at = at.min(offset + size - 1);
            flip(&path, at);
            lazaret
                .run(["pack", "verify", text])
                .fails(8, &["is damaged", name]);
            lazaret
                .run(["pack", "run", "--rm", text])
                .fails(125, &["is damaged", name]);
            flip(&path, at);
        }
    }
    assert_eq!(
        lazaret.run(["pack", "run", "--rm", text]).success().stdout,
        GREETING
    );
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let world = World::new();
    let lazaret = world.machine();
    let path = copy(&world, "flipped");
    let text = path.to_str().unwrap();
    let size = path.metadata().unwrap().len();
    let mut random = fastrand::Rng::with_seed(16);
    let places = (0..12).map(|_| random.u64(..size - 1500));
    for at in places
        .chain((size - 1500..size).step_by(101))
        .chain([size - 1])
    {
        flip(&path, at);
        let verified = lazaret.run(["pack", "verify", text]);
        assert!(
            matches!(verified.status, Some(5 | 8)),
            "byte {at} of {size}: {verified:?}"
        );
        flip(&path, at);
    }
    lazaret.run(["pack", "verify", text]).success();
}

/// A program whose pack is gone does not become the plain program.
#[test]
fn a_pack_without_its_end_says_so() {
    let world = World::new();
    let whole = std::fs::read(shared()).unwrap();
    let program = usize::try_from(parts(shared())[0].2).unwrap();
    let message = ["it was one, and has lost its end", "pack create"];
    for (name, bytes) in [
        ("program", &whole[..program]),
        ("short", &whole[..whole.len() - 1]),
        ("cut", &whole[..whole.len() - whole.len() / 8]),
        ("long", &[&whole[..], b"more"].concat()),
    ] {
        let path = copy(&world, name);
        std::fs::write(&path, bytes).unwrap();
        start(&path, &["x"]).fails(125, &message);
        let path = path.to_str().unwrap();
        let lazaret = world.machine();
        lazaret.run(["pack", "run", path]).fails(125, &message);
        lazaret.run(["pack", "verify", path]).fails(5, &message);
    }
    let path = copy(&world, "stripped");
    tool("strip", &[path.to_str().unwrap()]);
    assert!(path.metadata().unwrap().len() < whole.len() as u64 / 2);
    start(&path, &["x"]).fails(125, &message);
    // What never was one is told apart.
    world.write("text", "#!/bin/sh\n");
    let lazaret = world.machine();
    lazaret
        .run(["pack", "inspect", "text"])
        .fails(5, &["does not end with the footer"]);
    lazaret
        .run(["pack", "inspect", "absent"])
        .fails(4, &["absent"]);
}

/// A pack over 256 MiB is not read as a whole before it starts: the guest checks the blocks that it reads.
#[test]
fn a_large_pack_that_nobody_compared_is_checked_by_the_guest() {
    let world = World::new();
    let content: Vec<u8> = (0..240 << 20).map(|at: u32| (at % 251) as u8 | 1).collect();
    let image = Image::busybox().layer(Layer::new().file("large", &content));
    let lazaret = imported(&world, image, "packs-large-guest:v1");
    lazaret
        .run([
            "pack",
            "create",
            "packs-large-guest:v1",
            "-o",
            "large",
            "--entrypoint",
            "/bin/busybox",
        ])
        .success();
    lazaret
        .run(["image", "rm", "packs-large-guest:v1"])
        .success();
    assert!(world.path("large").metadata().unwrap().len() > 256 << 20);
    // The one who made it has a note, the copy has none.
    let copied = world.path("copied");
    std::fs::copy(world.path("large"), &copied).unwrap();
    let sum = start(&world.path("large"), &["md5sum", "/large"])
        .success()
        .stdout;
    assert_eq!(start(&copied, &["md5sum", "/large"]).success().stdout, sum);
    let (_, offset, _) = parts(&copied)[3];
    flip(&copied, offset + (120 << 20));
    let refused = start(&copied, &["md5sum", "/large"]);
    assert_ne!(refused.status, Some(0), "{refused:?}");
    assert_ne!(refused.stdout, sum);
    assert_eq!(
        start(&copied, &["true"]).status,
        Some(0),
        "the rest is whole"
    );
    // Once it was compared, it is refused as a whole.
    lazaret
        .run(["pack", "verify", "copied"])
        .fails(8, &["disk 'root' is not what was packed"]);
}
