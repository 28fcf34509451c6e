//! Boots disks with the agent in a plain QEMU.

use std::path::{Path, PathBuf};

use lazaret_protocol::mux::Event;
use lazaret_protocol::{Ending, Outcome};

use crate::support::{Appliance, Image, Layer, World, made_image, tool};

/// Builds a disk with the agent from `layout`; `more` has further arguments.
fn build(world: &World, layout: &Path, more: &[&str]) -> PathBuf {
    let disk = world.path("disk");
    let source = format!("oci:{}:v1", layout.display());
    let command = ["rootfs", "build", &source, "-o", disk.to_str().unwrap()];
    let inject = ["--inject", "agent"];
    let command = [&command[..], &inject, more].concat();
    world.lazaret().run(command).success();
    disk
}

/// An image without an init: the wrapper runs, and the agent serves one host after another.
#[test]
fn busybox_under_the_wrapper() {
    let world = World::new();
    let layout = Image::busybox()
        .layer(
            Layer::new()
                .directory("sbin", 0o755)
                .symlink("sbin/poweroff", "/bin/busybox"),
        )
        .write(&world.path("layout"));
    let disk = build(&world, &layout, &[]);
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, "rw");
    let mut agent = machine.agent();
    let input = vec![b'x'; 200_000];
    let ran = agent.run(
        &["sh", "-c", "hostname; sha256sum; echo oops >&2; exit 7"],
        &input,
    );
    assert_eq!(ran.outcome, Outcome::Code(7));
    let digest = lazaret_oci::Digest::of(&input);
    assert_eq!(ran.stdout, format!("appliance\n{}  -\n", digest.hex()));
    assert_eq!(ran.stderr, "oops\n");
    let address = agent.output(&["ip", "-4", "addr", "show", "eth0"]);
    assert!(address.contains("10.0.2.15/24"), "{address}");
    let resolvers = agent.output(&["cat", "/etc/resolv.conf"]);
    assert_eq!(resolvers, "nameserver 10.0.2.3\n");

    // When a host hangs up, its command is ended, and the next host is served.
    assert_eq!(agent.begin(&["sleep", "12345"]), Some(Event::Started));
    drop(agent);
    let mut agent = machine.agent();
    let processes = agent.output(&["ps"]);
    assert!(!processes.contains("12345"), "{processes}");
    assert!(processes.contains("lazaret-agent"), "{processes}");
    // An unknown command gets an answer and does not end the agent.
    let refused = agent.begin(&["nonsense"]);
    assert!(
        matches!(refused, Some(Event::Ended(Ending::Failure(_)))),
        "{refused:?}"
    );
    // The command line is a host, too.
    drop(agent);
    let socket = machine.socket().to_str().unwrap().to_owned();
    let exec = |words: &[&str]| {
        let fixed = ["exec", "-i", "--agent", &socket];
        world
            .lazaret()
            .run_with_input([&fixed, words].concat(), &input)
    };
    let script = "sha256sum; id -u; pwd; echo $WHO; echo oops >&2; exit 7";
    let ran = exec(&[
        "-e", "WHO=you", "-u", "1000", "-w", "/tmp", "sh", "-c", script,
    ])
    .status(7);
    let said = format!("{}  -\n1000\n/tmp\nyou\n", digest.hex());
    assert_eq!((ran.stdout, ran.stderr), (said, "oops\n".to_owned()));
    exec(&["--", "nonsense", "-x"]).fails(127, &["nonsense"]);
    let absent = world.path("absent");
    let absent = ["exec", "--agent", absent.to_str().unwrap(), "true"];
    world.lazaret().run(absent).fails(125, &["absent"]);
    let mut agent = machine.agent();
    // The agent is restarted when it ends.
    agent.output(&["touch", "/written"]);
    agent.end_by(&["sh", "-c", "kill -9 $PPID"]);
    let mut agent = machine.agent();
    assert_eq!(agent.output(&["ls", "/written"]), "/written\n");
    agent.begin(&["sh", "-c", "kill -USR2 1; sleep 60"]);
    machine.wait();
    drop(agent);
    tool("e2fsck", &["-fn", disk.to_str().unwrap()]);
}

/// The image has no shell. The disk is compressed and read-only, and every block is checked.
#[test]
#[ignore = "whole images: make test-boot"]
fn boots_distroless_from_a_checked_erofs() {
    let world = World::new();
    let disk = world.path("disk");
    let source = format!("oci:{}:v1", made_image("static").display());
    let built = world.lazaret().run([
        "rootfs",
        "build",
        &source,
        "-o",
        disk.to_str().unwrap(),
        "--inject",
        "agent",
        "--fs",
        "erofs",
        "--compress",
        "lz4",
        "--verity",
        "--format",
        "json",
    ]);
    let built = built.success().json();
    let tree = &built["verity"];
    let hash = tree["root_hash"].as_str().unwrap();
    let verity = format!("ro lazaret.verity={hash}@{}", tree["hash_offset"]);
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, &verity);
    let mut agent = machine.agent();
    let mounts = agent.output(&["/busybox", "cat", "/proc/mounts"]);
    assert!(mounts.contains("/dev/dm-0 / erofs ro"), "{mounts}");
    drop(agent);
    drop(machine);

    // With one bit of the superblock changed, the kernel refuses the block.
    let mut bytes = std::fs::read(&disk).unwrap();
    bytes[1024 + 80] ^= 1;
    std::fs::write(&disk, bytes).unwrap();
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, &verity);
    machine.wait();
    let console = machine.console();
    assert!(console.contains("data block 0 is corrupted"), "{console}");
}

#[test]
#[ignore = "whole images: make test-boot"]
fn boots_alpine_like() {
    let world = World::new();
    let disk = build(&world, &made_image("busybox"), &[]);
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, "rw");
    let mut agent = machine.agent();
    assert_eq!(agent.output(&["cat", "/etc/alpine-release"]), "3.21.0\n");
    agent.begin(&["poweroff"]);
    machine.wait();
    let console = machine.console();
    for line in ["eth0 has 10.0.2.15/24", "no sshd and no package manager"] {
        assert!(console.contains(line), "{line}: {console}");
    }
}

/// systemd starts, its journal shows all three services, and sshd has host keys of its own.
#[test]
#[ignore = "whole images: make test-boot"]
fn boots_debian_with_systemd() {
    let world = World::new();
    let key = world.write("key.pub", "ssh-ed25519 AAAA test\n");
    let key = format!("{}:/root/.ssh/authorized_keys:0600", key.display());
    let disk = build(&world, &made_image("debian"), &["--inject", &key]);
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, "rw");
    let mut agent = machine.agent();
    let wait = "systemctl is-system-running --wait; systemctl is-active lazaret-agent \
                lazaret-network lazaret-sshd ssh; journalctl -b -o cat -u lazaret-agent \
                -u lazaret-network -u lazaret-sshd-keys -u lazaret-sshd -u ssh; ls /etc/ssh; cat /root/.ssh/*";
    let seen = agent.run(&["sh", "-c", wait], b"").stdout;
    assert!(seen.contains("active\nactive\nactive\nactive\n"), "{seen}");
    for words in [
        "eth0 has 10.0.2.15/24",
        "Started lazaret-agent.service",
        "Finished lazaret-network.service",
        "made host keys for sshd",
        "Server listening on 0.0.0.0 port 22",
        "ssh_host_ed25519_key",
        "ssh-ed25519 AAAA test",
    ] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    agent.begin(&["systemctl", "poweroff"]);
    machine.wait();
    tool("e2fsck", &["-fn", disk.to_str().unwrap()]);
}

/// An image without sshd installs one from its own package repository at the first boot.
#[test]
#[ignore = "whole images: make test-boot"]
fn boots_debian_without_systemd_and_installs_sshd() {
    let world = World::new();
    let disk = build(&world, &made_image("plain"), &["--size", "2Gi"]);
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, "rw");
    let mut agent = machine.agent();
    let wait = "until test -e /run/sshd.pid; do sleep 1; done; cat /proc/1/comm; ls /etc/ssh; \
                cat /proc/$(cat /run/sshd.pid)/comm";
    let seen = agent.output(&["sh", "-c", wait]);
    for words in ["lazaret-init", "ssh_host_ed25519_key", "sshd"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    agent.begin(&["sh", "-c", "kill -USR2 1"]);
    machine.wait();
    tool("e2fsck", &["-fn", disk.to_str().unwrap()]);
}

/// The kernel, processor, clock and name of the machine have no influence on a disk.
#[test]
#[ignore = "whole images: make test-boot"]
fn disks_are_the_same_on_another_machine() {
    let world = World::new();
    let changes = Layer::new()
        .file("text", &b"some words, again and again; ".repeat(20_000))
        .xattr("user.k", b"v")
        .file("f", b"f")
        .hardlink("g", "f");
    let layout = Image::busybox().layer(changes).write(&world.path("made"));
    let archive = world.path("layout.tar");
    tool(
        "tar",
        &[
            "-cf",
            archive.to_str().unwrap(),
            "-C",
            layout.to_str().unwrap(),
            ".",
        ],
    );
    let files = [
        format!(
            "{}:/usr/local/bin/lazaret:0755",
            env!("CARGO_BIN_EXE_lazaret")
        ),
        format!("{}:/layout.tar", archive.display()),
    ];
    let more = [
        "--inject", &files[0], "--inject", &files[1], "--size", "2Gi",
    ];
    let disk = build(&world, &made_image("plain"), &more);
    let mut machine = Appliance::boot(&world, &world.machine(), &disk, "rw");
    let mut agent = machine.agent();
    let ways = [
        "--fs ext4 --size 64Mi",
        "--fs ext4 --size 64Mi --verity --inject agent",
        "--fs erofs",
        "--fs erofs --compress lz4",
        "--fs erofs --compress zstd:9",
    ];
    for way in ways {
        let there = format!(
            "export LAZARET_HOME=/tmp/home; lazaret -q rootfs build oci:/layout.tar -o /tmp/disk {way} \
             > /dev/null && sha256sum < /tmp/disk"
        );
        let there = agent.output(&["sh", "-c", &there]);
        let output = world.path("here");
        let source = format!("oci:{}", archive.display());
        let here = ["rootfs", "build", &source, "-o", output.to_str().unwrap()];
        let way: Vec<_> = way.split(' ').collect();
        world.lazaret().run([&here[..], &way].concat()).success();
        let here = lazaret_oci::Digest::of(&std::fs::read(&output).unwrap());
        assert_eq!(there, format!("{}  -\n", here.hex()), "{way:?}");
    }
}
