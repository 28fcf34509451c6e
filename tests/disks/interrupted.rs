//! `rootfs build` that is killed, or has no room.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::unpack::check;
use crate::support::{Image, Layer, World, tool};

/// An image whose conversion takes long enough to be killed in the midst of it.
fn image(world: &World) {
    let mut image = Image::new();
    for n in 0..4 {
        let mut layer = Layer::new();
        for file in 0..200 {
            let mut content = vec![0; 40_000];
            rustix::rand::getrandom(&mut content[..], rustix::rand::GetRandomFlags::empty())
                .unwrap();
            layer = layer.file(&format!("{n}-{file}"), &content);
        }
        image = image.layer(layer);
    }
    image.write(&world.path("layout"));
}

/// At any moment there is the disk of before, whole, or the new one, and nothing else.
#[test]
fn killed_at_any_moment() {
    let rounds = std::env::var("LAZARET_TORTURE_ROUNDS").ok();
    let rounds: u32 = rounds.and_then(|text| text.parse().ok()).unwrap_or(8);
    let world = World::new();
    image(&world);
    let output = world.path("out");
    std::fs::create_dir(&output).unwrap();
    let build = ["rootfs", "build", "oci:layout:v1", "-o", "out/disk"];
    let started = std::time::Instant::now();
    world.lazaret().run(build).success();
    let whole = started.elapsed();
    let before = std::fs::read(output.join("disk")).unwrap();
    for round in 0..rounds {
        let mut process = world
            .lazaret()
            .command(build)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * round / rounds);
        process.kill().unwrap();
        process.wait().unwrap();
        let names: Vec<_> = std::fs::read_dir(&output)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| !name.to_string_lossy().starts_with(".lazaret-"))
            .collect();
        assert_eq!(names, ["disk"], "round {round}");
        assert!(std::fs::read(output.join("disk")).unwrap() == before);
    }
    world.lazaret().run(build).success();
    check(&output.join("disk"), "ext4");
}

#[test]
fn a_full_disk_is_told_and_left_as_it_was() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root mounts");
        return;
    }
    let world = World::new();
    image(&world);
    let point = world.path("small");
    std::fs::create_dir(&point).unwrap();
    let target = point.to_str().unwrap();
    tool("mount", &["-t", "tmpfs", "-o", "size=20m", "tmpfs", target]);
    let outcome = std::panic::catch_unwind(|| {
        for fs in ["ext4", "erofs"] {
            let build = ["rootfs", "build", "oci:layout:v1", "-o", "small/disk"];
            world
                .lazaret()
                .run([&build[..], &["--fs", fs]].concat())
                .fails(9, &["No space left on device", "free some space"]);
            assert_eq!(std::fs::read_dir(&point).unwrap().count(), 0, "{fs}");
        }
    });
    for _ in 0..100 {
        let done = Command::new("umount").arg(&point).output().unwrap();
        if done.status.success() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    outcome.unwrap();
}
