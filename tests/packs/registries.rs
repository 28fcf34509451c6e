//! Packs in registries.

use super::{GREETING, copy, shared, start};
use crate::support::{Serve, World, tool};

#[test]
fn what_was_pushed_is_pulled_byte_for_byte() {
    let world = World::new();
    let lazaret = world.machine();
    let registry = Serve::start(&world);
    let pack = shared().to_str().unwrap();
    let name = format!("{}/acme/packs/greet:v1", registry.address);
    let pushed = lazaret
        .run(["pack", "push", pack, &name, "--format", "json"])
        .success()
        .json();
    assert_eq!(pushed["layers"], 6);
    let pulled = lazaret
        .run(["pack", "pull", &name, "--output", "pulled"])
        .success()
        .stdout;
    assert!(
        pulled.contains(pushed["digest"].as_str().unwrap()),
        "{pulled}"
    );
    assert!(std::fs::read(world.path("pulled")).unwrap() == std::fs::read(pack).unwrap());
    assert_eq!(start(&world.path("pulled"), &[]).success().stdout, GREETING);
    // It is an artifact like others.
    let manifest = tool(
        "skopeo",
        &[
            "inspect",
            "--raw",
            "--tls-verify=false",
            &format!("docker://{name}"),
        ],
    );
    assert!(
        manifest.contains("application/vnd.lazaret.pack.v1"),
        "{manifest}"
    );
    lazaret
        .run(["pull", &name])
        .fails(5, &["application/vnd.lazaret.pack.v1"]);
    // A second pack has the same program and kernel, which are there already.
    lazaret
        .run(["pack", "push", pack, &format!("{name}-again")])
        .success();
}

#[test]
fn what_is_no_pack_is_not_pulled_and_a_damaged_one_not_pushed() {
    let world = World::new();
    let lazaret = world.machine();
    let registry = Serve::start(&world);
    let place = |name: &str| format!("{}/acme/{name}", registry.address);
    crate::support::Image::busybox().write(&world.path("layout"));
    lazaret
        .run(["push", "layout", &place("image:v1")])
        .success();
    world.write("out", "old");
    lazaret
        .run(["pack", "pull", &place("image:v1"), "-o", "out"])
        .fails(5, &["is no pack", "its type is"]);
    lazaret
        .run(["pack", "pull", &place("absent:v1"), "-o", "out"])
        .status(4);
    let damaged = copy(&world, "damaged");
    super::flip(&damaged, 1_000_000);
    lazaret
        .run(["pack", "push", "damaged", &place("packs/damaged:v1")])
        .fails(8, &["is damaged"]);
    assert_eq!(std::fs::read(world.path("out")).unwrap(), b"old");
}
