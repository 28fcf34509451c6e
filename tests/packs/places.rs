//! Where packs are written.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::{greeting, shared};
use crate::support::{World, tool};

#[test]
fn only_regular_files_are_replaced() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-shared:v1");
    std::fs::create_dir(world.path("folder")).unwrap();
    tool("mkfifo", &[world.path("fifo").to_str().unwrap()]);
    for (place, what) in [
        ("/dev/null", "device"),
        ("folder", "folder"),
        ("fifo", "FIFO"),
    ] {
        lazaret
            .run(["pack", "create", "packs-shared:v1", "-o", place])
            .fails(9, &["only a regular file is ever replaced", what]);
    }
    lazaret
        .run(["pack", "create", "packs-shared:v1", "-o", "absent/pack"])
        .status(4);
    // A link stays, and what it leads to is replaced.
    world.write("real", "old");
    symlink("real", world.path("link")).unwrap();
    lazaret
        .run(["pack", "create", "packs-shared:v1", "-o", "link"])
        .success();
    assert!(world.path("link").symlink_metadata().unwrap().is_symlink());
    assert!(std::fs::read(world.path("real")).unwrap() == std::fs::read(shared()).unwrap());
    let mode = |name: &str| world.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        mode("real") & 0o111,
        0o111,
        "who may read it may execute it"
    );
    // A private file stays private.
    world.write("private", "old");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(world.path("private"), private).unwrap();
    lazaret
        .run(["pack", "create", "packs-shared:v1", "-o", "private"])
        .success();
    assert_eq!(mode("private"), 0o700);
}
