//! A guest whose kernel is the enemy: it says nothing, half a frame, or too much. It takes the place
//! of the real guest through a `qemu-system-x86_64` that adds a file system to the given one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lazaret_protocol::{Frame, Hello, Kind};
use lazaret_testing::program::finish;
use rustix::process::Signal;

use super::{Run, shell};
use crate::support::{Image, Lazaret, World, rounds, tool};

/// The guest's PID 1: finds the channel and does what the test asks for.
const INIT: &str = r#"#!/bin/busybox sh
export PATH=/bin
busybox mkdir -p /dev
busybox mount -t devtmpfs dev /dev
for module in $(busybox cat /lib/modules/load); do busybox insmod /lib/modules/$module; done
while set -- /dev/vport*; [ ! -e "$1" ]; do busybox sleep 0.05; done
exec 3<>"$1"
busybox echo "hostile guest" > /dev/console
. /act
busybox sleep 100000
"#;

/// Appends an archive to the initramfs: the kernel unpacks both, and the later file wins.
const EMULATOR: &str = r#"#!/bin/sh
count=$#
while [ $count -gt 0 ]; do
    argument=$1
    shift
    if [ "$previous" = -initrd ]; then
        /bin/cat "$argument" FOLDER/hostile.cpio > FOLDER/initrd.$$
        argument=FOLDER/initrd.$$
    fi
    previous=$argument
    set -- "$@" "$argument"
    count=$((count - 1))
done
exec EMULATOR "$@"
"#;

/// A host whose guests do what a script says.
struct Host {
    world: World,
    lazaret: Lazaret,
}

impl Host {
    fn new() -> Self {
        let world = World::new();
        let lazaret = world.imported(Image::busybox(), "hostile");
        let tree = world.path("tree");
        fs::create_dir_all(tree.join("bin")).unwrap();
        program(&tree.join("init"), INIT.as_bytes());
        program(
            &tree.join("bin/busybox"),
            &fs::read("/bin/busybox").unwrap(),
        );
        let output = |payload: &[u8]| {
            let mut wire = Vec::new();
            Frame::new(Kind::Output, 1, payload).encode_into(&mut wire);
            wire
        };
        let hello = Hello::new("6.1").encode();
        fs::write(tree.join("half-hello"), &hello[..hello.len() / 2]).unwrap();
        fs::write(tree.join("hello"), hello).unwrap();
        let line = format!("{}\n", "x".repeat(999));
        let frame = output(line.as_bytes());
        fs::write(tree.join("half-frame"), &frame[..500]).unwrap();
        fs::write(tree.join("flood"), frame.repeat(60)).unwrap();
        let mut ready = Vec::new();
        Frame::new(Kind::Started, 1, b"").encode_into(&mut ready);
        ready.extend(output(b"ready\n"));
        fs::write(tree.join("ready"), ready).unwrap();

        let real = tool("sh", &["-c", "command -v qemu-system-x86_64"]);
        let folder = world.path("");
        let emulator = EMULATOR.replace("FOLDER", folder.to_str().unwrap());
        let emulator = emulator.replace("exec EMULATOR", &format!("exec {}", real.trim()));
        fs::create_dir(world.path("emulator")).unwrap();
        program(
            &world.path("emulator/qemu-system-x86_64"),
            emulator.as_bytes(),
        );
        Self { world, lazaret }
    }

    /// A run whose guest acts by this script; its channel is descriptor 3.
    fn run(&self, act: &str) -> Command {
        // A template of one hostile guest would be that of the next.
        self.run_with("--boot=cold", act)
    }

    /// The same with a flag of `run`.
    fn run_with(&self, flag: &str, act: &str) -> Command {
        fs::write(self.world.path("tree/act"), act).unwrap();
        let pack = "cd \"$1\" && find . | cpio --quiet -o -H newc > ../hostile.cpio";
        let tree = self.world.path("tree");
        tool("sh", &["-euc", pack, "sh", tree.to_str().unwrap()]);
        let mut arguments = shell("hostile", "true").to_vec();
        arguments.insert(2, flag);
        let mut command = self.lazaret.command(arguments);
        let path = std::env::var("PATH").unwrap();
        let folder = self.world.path("emulator");
        command.env("PATH", format!("{}:{path}", folder.display()));
        command
    }
}

fn program(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Before its greeting, a guest that says nothing or not enough is ended by one demand.
#[test]
fn one_demand_ends_a_guest_that_does_not_greet() {
    let host = Host::new();
    for _ in 0..rounds(1) {
        for act in ["", "busybox cat /half-hello >&3"] {
            let run = Run::start(&mut host.run(act));
            run.handles(Signal::TERM);
            std::thread::sleep(Duration::from_secs(3));
            run.signal(Signal::TERM);
            assert_eq!(run.status(), Some(143), "{act}");
        }
    }
}

/// Greets, reads the host's greeting with the begin of its request, and says that it is ready.
const GREET: &str =
    "busybox cat /hello >&3; busybox head -c 200 <&3 >/dev/null; busybox cat /ready >&3; ";

/// A guest that has greeted gets the first demand, and may handle it. It cannot hinder the second.
#[test]
fn the_second_demand_ends_a_guest_that_does_not_listen() {
    let host = Host::new();
    let demands = [Signal::TERM, Signal::HUP, Signal::QUIT];
    for (_, signal) in (0..rounds(1)).zip(demands.into_iter().cycle()) {
        for act in [
            "",
            "busybox cat /half-frame >&3",
            "while :; do busybox cat /flood >&3; done",
        ] {
            let mut run = Run::start(&mut host.run(&format!("{GREET}{act}")));
            assert_eq!(run.line(), "ready");
            run.signal(signal);
            std::thread::sleep(Duration::from_millis(500));
            run.signal(signal);
            assert_eq!(run.status(), Some(128 + signal.as_raw()), "{act}");
        }
    }
}

/// A guest that stops in the middle of a frame, or breaks the protocol, ends the run by itself.
#[test]
fn a_guest_that_stops_or_lies_ends_the_run() {
    let host = Host::new();
    let half = format!("{GREET}busybox cat /half-frame >&3; busybox sleep 1; busybox poweroff -f");
    let stopped = "the machine ended before the workload did";
    let lied = "failed to decode what the guest sent";
    for _ in 0..rounds(1) {
        for (act, words) in [
            (half.as_str(), stopped),
            ("busybox cat /hello /hello >&3", lied),
            ("busybox yes >&3", lied),
        ] {
            finish(host.run(act)).fails(125, &[words]);
        }
    }
}

/// A template whose guest does not go on is given up, and the kernel boots.
#[test]
fn a_template_whose_guest_is_silent_is_not_waited_for() {
    let host = Host::new();
    let run = Run::start(&mut host.run_with("--boot=template", "busybox cat /hello >&3"));
    let list = [
        "ps",
        "-q",
        "--no-trunc",
        "--filter",
        "ancestor=hostile",
        "-n",
        "1",
    ];
    let begun = || {
        let id = host.lazaret.run(list).stdout;
        let described = host.lazaret.run(["inspect", id.trim()]);
        described
            .stdout
            .contains("\"fallback\": \"the guest did not answer")
    };
    let start = std::time::Instant::now();
    while !begun() {
        assert!(
            start.elapsed() < Duration::from_secs(240),
            "it waits for its guest"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    run.signal(Signal::TERM);
    run.signal(Signal::TERM);
    assert_eq!(run.status(), Some(143));
}
