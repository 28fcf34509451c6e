//! `pack create`: the same bytes, nothing half-written.

use std::process::Stdio;
use std::time::Instant;

use super::{GREETING, copy, flip, greeting, imported, shared, start};
use crate::support::{Image, World, tool};

#[test]
fn the_same_input_gives_the_same_bytes_and_is_packed_once() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-shared:v1");
    let create = [
        "pack",
        "create",
        "packs-shared:v1",
        "-o",
        "pack",
        "--format",
        "json",
    ];
    let first = lazaret.run(create).success().json();
    assert_eq!(first["unchanged"], false);
    let bytes = std::fs::read(world.path("pack")).unwrap();
    assert!(bytes == std::fs::read(shared()).unwrap(), "another pack");
    let before = world.path("pack").metadata().unwrap().modified().unwrap();
    let second = lazaret.run(create).success().json();
    assert_eq!(second["unchanged"], true);
    assert_eq!(second["digest"], first["digest"]);
    let after = world.path("pack").metadata().unwrap().modified().unwrap();
    assert_eq!(before, after);
    let said = lazaret.run(&create[..5]).success().stdout;
    assert!(said.contains("unchanged: nothing was packed"), "{said}");
    // A damaged one is not the same.
    flip(&world.path("pack"), 200_000);
    assert_eq!(lazaret.run(create).success().json()["unchanged"], false);
    assert!(bytes == std::fs::read(world.path("pack")).unwrap());
    // Other settings are another pack.
    let other = lazaret.run([&create[..], &["--cpus", "2"]].concat());
    let other = other.success().json();
    assert_eq!(other["unchanged"], false);
    assert_ne!(other["digest"], first["digest"]);
}

#[test]
fn any_source_is_packed() {
    let world = World::new();
    let lazaret = world.machine();
    let image = || Image::busybox().command(&["/bin/echo", "from a layout"]);
    image().write(&world.path("layout"));
    let layout = world.path("layout");
    for source in ["oci:layout:v1", "layout", layout.to_str().unwrap()] {
        lazaret
            .run(["pack", "create", source, "-o", "pack"])
            .success();
        assert_eq!(
            start(&world.path("pack"), &[]).success().stdout,
            "from a layout\n",
            "{source}"
        );
    }
    tool(
        "skopeo",
        &[
            "--insecure-policy",
            "copy",
            "-q",
            &format!("oci:{}:v1", layout.display()),
            &format!("docker-archive:{}:app:v2", world.path("app.tar").display()),
        ],
    );
    lazaret
        .run([
            "pack",
            "create",
            "docker-archive:app.tar",
            "-o",
            "pack",
            "--compress",
            "lz4",
        ])
        .success();
    assert_eq!(
        start(&world.path("pack"), &[]).success().stdout,
        "from a layout\n"
    );
    lazaret
        .run([
            "pack",
            "create",
            "layout",
            "-o",
            "pack",
            "--platform",
            "linux/arm64",
        ])
        .fails(2, &["linux/arm64 cannot be made here"]);
    let absent = lazaret.run(["pack", "create", "127.0.0.1:1/absent:v1", "-o", "pack"]);
    absent.status(6);
    assert_eq!(
        start(&world.path("pack"), &[]).success().stdout,
        "from a layout\n"
    );
}

#[test]
fn an_image_without_a_command_gets_it_when_it_runs() {
    let world = World::new();
    let lazaret = imported(&world, Image::busybox(), "packs-bare:v1");
    lazaret
        .run(["pack", "create", "packs-bare:v1", "-o", "bare"])
        .success();
    let pack = world.path("bare");
    assert_eq!(
        start(&pack, &["/bin/echo", "given"]).success().stdout,
        "given\n"
    );
    start(&pack, &[]).fails(125, &["command"]);
}

/// At any moment there is the whole old pack or the whole new one, and no other file.
#[test]
fn killed_at_any_moment() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-killed:v1");
    std::fs::create_dir(world.path("out")).unwrap();
    let create = |cpus: u32| {
        let cpus = cpus.to_string();
        let words = [
            "pack",
            "create",
            "packs-killed:v1",
            "-o",
            "out/pack",
            "--mem",
        ];
        lazaret.command(words.iter().copied().chain([cpus.as_str()]))
    };
    let begin = Instant::now();
    assert!(
        create(300)
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    let whole = begin.elapsed();
    let before = std::fs::read(world.path("out/pack")).unwrap();
    for round in 0..6 {
        let mut process = create(301 + round)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * round / 6);
        process.kill().unwrap();
        process.wait().unwrap();
        let names = std::fs::read_dir(world.path("out")).unwrap();
        let names: Vec<_> = names
            .map(|name| name.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with(".lazaret-"))
            .collect();
        assert_eq!(names, ["pack"], "round {round}");
        let now = std::fs::read(world.path("out/pack")).unwrap();
        if now != before {
            // It was faster than the kill.
            lazaret.run(["pack", "verify", "out/pack"]).success();
        }
    }
}

#[test]
fn two_at_once() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-shared:v1");
    let create = ["pack", "create", "packs-shared:v1", "-o", "pack"];
    let children: Vec<_> = (0..2)
        .map(|_| {
            lazaret
                .command(create)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(std::fs::read(world.path("pack")).unwrap() == std::fs::read(shared()).unwrap());
    // Two starts of one file that nobody has looked at.
    let pack = copy(&world, "fresh");
    let starts: Vec<_> = (0..2)
        .map(|_| {
            let pack = pack.clone();
            std::thread::spawn(move || start(&pack, &[]))
        })
        .collect();
    for started in starts {
        assert_eq!(started.join().unwrap().success().stdout, GREETING);
    }
}

#[test]
fn a_full_disk_is_told_and_left_as_it_was() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root mounts");
        return;
    }
    let world = World::new();
    let lazaret = greeting(&world, "packs-full:v1");
    let point = world.path("small");
    std::fs::create_dir(&point).unwrap();
    let target = point.to_str().unwrap();
    for size in ["1m", "60m"] {
        tool(
            "mount",
            &[
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size}"),
                "tmpfs",
                target,
            ],
        );
        let outcome = std::panic::catch_unwind(|| {
            lazaret
                .run(["pack", "create", "packs-full:v1", "-o", "small/pack"])
                .fails(9, &["No space left on device", "free some space"]);
            assert_eq!(std::fs::read_dir(&point).unwrap().count(), 0);
        });
        tool("umount", &[target]);
        outcome.unwrap();
    }
}

/// What the machine has changed is in the pack, and so is what it ran; its memory is not.
#[test]
fn a_checkpoint_is_packed() {
    let world = World::new();
    let lazaret = imported(&world, Image::busybox(), "packs-saved:v1");
    let workload = "test -e /changed || { echo packed > /changed; sleep 600; }; cat /changed";
    let run = [
        "run",
        "-d",
        "--name",
        "packs-saved",
        "--env",
        "A=b",
        "packs-saved:v1",
    ];
    lazaret
        .run([&run[..], &["/bin/sh", "-c", workload]].concat())
        .success();
    let outcome = std::panic::catch_unwind(|| {
        let has_changed = [
            "exec",
            "packs-saved",
            "/bin/sh",
            "-c",
            "until test -s /changed; do sleep 0.1; done",
        ];
        lazaret.run(has_changed).success();
        lazaret
            .run(["checkpoint", "create", "packs-saved", "packs-saved"])
            .success();
        lazaret
            .run([
                "pack",
                "create",
                "--from",
                "packs-saved",
                "--output",
                "saved",
            ])
            .success();
    });
    lazaret.run(["rm", "-f", "packs-saved"]).success();
    lazaret
        .run(["checkpoint", "rm", "--force", "packs-saved"])
        .success();
    outcome.unwrap();
    assert_eq!(
        start(&world.path("saved"), &[]).success().stdout,
        "packed\n"
    );
}

/// A policy and a kernel by name are part of the pack.
#[test]
fn a_policy_is_packed() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-policy:v1");
    let policy =
        "network:\n  default: deny\n  rules:\n    - {match: example.com, verdict: allow}\n";
    world.write("policy.yaml", policy);
    let kernels = lazaret.run(["kernel", "ls", "--format", "json"]).success();
    let kernels = kernels.json();
    let kernel = kernels[0]["name"].as_str().unwrap();
    lazaret
        .run([
            "pack",
            "create",
            "packs-policy:v1",
            "-o",
            "policy",
            "--policy",
            "policy.yaml",
            "--kernel",
            kernel,
        ])
        .success();
    let found = lazaret.run(["pack", "inspect", "policy", "--format", "json"]);
    let found = found.success().json();
    let rule = &found["launch"]["policy"]["documents"][0]["rules"][0];
    assert_eq!(rule["match"], "example.com", "{found}");
}
