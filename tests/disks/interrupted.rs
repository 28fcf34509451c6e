//! Tests `rootfs build` when it is killed, and when the disk is full.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::unpack::{check, unmount};
use crate::support::{Image, Layer, Lazaret, Serve, World, machine_home, rounds, tool};

/// Makes an image whose conversion takes long enough to be killed in the middle.
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

/// At any moment there is either the whole old disk or the whole new one, and no other file.
#[test]
fn killed_at_any_moment() {
    let rounds = rounds(8);
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
        kill_after(whole * round / rounds, &world.lazaret(), &build);
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

/// Pull and conversion, which run at the same time, are killed at any moment. The store never has
/// partial content, the next command succeeds, and afterwards nothing is left of the killed one.
#[test]
fn killed_while_pulling_and_converting() {
    let rounds = rounds(4);
    let world = World::new();
    image(&world);
    let registry = Serve::start(&world);
    let reference = format!("{}/team/app:v1", registry.address);
    world
        .lazaret()
        .run(["push", "layout", &reference])
        .success();
    std::fs::create_dir(world.path("out")).unwrap();
    let build = ["rootfs", "build", &reference, "-o", "out/disk"];
    // The image has no such program: the disk is made, then the command is not found.
    let run = ["run", "--rm", &reference, "--", "/absent"];
    let home = || {
        let home = world.path("killed");
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(home.join("data")).unwrap();
        symlink(
            machine_home().join("data/kernels"),
            home.join("data/kernels"),
        )
        .unwrap();
        Lazaret::new(&home, &world.path(""))
    };
    let started = std::time::Instant::now();
    home().run(build).success();
    let whole = started.elapsed();
    let expected = std::fs::read(world.path("out/disk")).unwrap();
    for round in 0..rounds {
        std::fs::remove_file(world.path("out/disk")).unwrap();
        let lazaret = home();
        let kill = |command: &[&str]| kill_after(whole * round / rounds, &lazaret, command);
        if round % 2 == 0 {
            kill(&build);
        } else {
            kill(&run);
            // The store has a whole disk or none.
            lazaret.run(run).status(127);
            let disks = files(&world.path("killed/data/images/disks"));
            let disks = disks.iter().filter(|name| name.ends_with(".erofs"));
            assert_eq!(disks.count(), 1, "round {round}");
        }
        lazaret.run(build).success();
        assert!(std::fs::read(world.path("out/disk")).unwrap() == expected);
        assert_eq!(files(&world.path("out")), ["disk"], "round {round}");
        for folder in ["images/scratch", "run/scratch"] {
            let left = files(&world.path("killed/data").join(folder));
            assert_eq!(left, [""; 0], "{folder}, round {round}");
        }
        let blobs = lazaret.run(["image", "prune", "--format", "json"]);
        let pruned = blobs.success().json();
        assert_eq!(pruned["freed"], 0, "round {round}: {pruned}");
    }
}

fn kill_after(time: Duration, lazaret: &Lazaret, command: &[&str]) {
    let mut process = lazaret
        .command(command)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(time);
    process.kill().unwrap();
    process.wait().unwrap();
}

/// All names in a folder, including those of abandoned folders.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn a_full_disk_is_told_and_left_as_it_was() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root mounts");
        return;
    }
    let world = World::new();
    image(&world);
    // One file system that accepts direct writes without doing them, and one that does them.
    let file = world.path("small.img");
    let file = file.to_str().unwrap();
    tool("truncate", &["-s", "24M", file]);
    tool("mke2fs", &["-q", "-t", "ext4", "-m", "0", file]);
    let point = world.path("small");
    std::fs::create_dir(&point).unwrap();
    let target = point.to_str().unwrap();
    for options in [
        &["-t", "tmpfs", "-o", "size=20m", "tmpfs", target][..],
        &["-o", "loop", file, target],
    ] {
        tool("mount", options);
        let before = files(&point);
        let outcome = std::panic::catch_unwind(|| {
            for fs in ["ext4", "erofs"] {
                let build = ["rootfs", "build", "oci:layout:v1", "-o", "small/disk"];
                world
                    .lazaret()
                    .run([&build[..], &["--fs", fs]].concat())
                    .fails(9, &["No space left on device", "free some space"]);
                assert_eq!(files(&point), before, "{fs} on {options:?}");
            }
        });
        unmount(&point);
        outcome.unwrap();
    }
}
