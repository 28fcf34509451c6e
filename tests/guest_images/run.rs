//! Built kernels and guest images as machines.

use std::fs;

use super::document::{NATIVE, artifacts, document, package};
use crate::support::{Image, Lazaret, Output, World};

const QEMU: [&str; 2] = ["--substrate", "qemu"];

/// A world with a kernel and a guest image that were built, and a home of its own with the accelerator's
/// verdict of the one that all machine tests share.
fn built(more: &str) -> (World, Lazaret) {
    let world = World::new();
    let guest = "source = { kernel = \"edge\", initrd = true, files = [{ from = \"motd\", to = \"/etc/motd\" }] }\n";
    world.write("motd", "hello from the image\n");
    world.write("port.toml", document(&package(), guest, more));
    let lazaret = world.machine();
    artifacts(&lazaret, "build", "edge", &QEMU).success();
    artifacts(&lazaret, "build", "base", &QEMU).success();
    (world, lazaret)
}

fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", fastrand::u64(..))
}

#[test]
fn a_guest_image_boots_by_itself_and_its_agent_answers() {
    let (world, lazaret) = built("");
    let valid = artifacts(&lazaret, "validate", "base", &QEMU).success();
    assert!(
        valid.stdout.contains("initrd.cpio.gz is beside it"),
        "{valid:?}"
    );
    let guest = ["run", "--rm", "--guest-image", "base", "--kernel", "edge"];
    // Its own init program is PID 1; the command is one of the agent's, as root, in its own root.
    let script = "cat /etc/motd; cat /proc/1/comm; id -u; hostname; cat /etc/port-guest-architecture; \
                  touch /written && echo writable; echo oops >&2; exit 7";
    let ran = lazaret.run([&guest[..], &["sh", "-c", script]].concat());
    assert_eq!(ran.status, Some(7), "{ran:?}");
    assert_eq!(
        ran.stdout,
        format!("hello from the image\ninit\n0\nbase\n{NATIVE}\nwritable\n"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("oops"), "{ran:?}");

    // The image itself is not written to, and `--read-only` refuses that in the machine, too.
    let read_only = [&guest[..], &["--read-only", "sh", "-c", "touch /written"]].concat();
    let refused = lazaret.run(read_only);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("Read-only file system"),
        "{refused:?}"
    );

    // In the background it stays until it is stopped.
    let name = unique("guest");
    let detached = [
        "run",
        "-d",
        "--name",
        &name,
        "--guest-image",
        "base",
        "--kernel",
        "edge",
    ];
    lazaret
        .run([&detached[..], &["--config", "port.toml"]].concat())
        .success();
    let exec = |words: &[&str]| lazaret.run([&["exec", name.as_str()], words].concat());
    assert_eq!(
        exec(&["cat", "/etc/motd"]).success().stdout,
        "hello from the image\n"
    );
    exec(&["sh", "-c", "echo kept > /kept"]).success();
    world.write("given", "copied in\n");
    lazaret
        .run(["cp", "given", &format!("{name}:/root/given")])
        .success();
    assert_eq!(
        exec(&["cat", "/root/given"]).success().stdout,
        "copied in\n"
    );
    lazaret.run(["stop", &name]).success();
    // It keeps what it has written.
    lazaret.run(["start", &name]).success();
    assert_eq!(exec(&["cat", "/kept"]).success().stdout, "kept\n");
    lazaret.run(["rm", "-f", &name]).success();
}

#[test]
fn a_kernel_of_the_document_boots_an_image() {
    let (world, lazaret) = built("");
    let name = unique("named-kernel");
    let layout = Image::busybox().write(&world.path("layout"));
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), &name])
        .success();
    let run = |kernel: &str, more: &[&str]| {
        let words = ["run", "--rm", "--boot", "cold", "--kernel", kernel];
        lazaret.run([&words[..], more, &[&name, "busybox", "uname", "-r"]].concat())
    };
    let ran = run("edge", &[]).success();
    assert!(ran.stdout.contains("cloud"), "{ran:?}");
    // Only the kernel of the lane that is asked for.
    if NATIVE == "x86_64" {
        let refused = run("edge", &["--protection-mode", "pvm"]);
        assert_eq!(refused.status, Some(125), "{refused:?}");
        assert!(refused.stderr.contains("has no variant"), "{refused:?}");
    }
    let missing = run("none", &["--protection-mode", "standard"]);
    assert!(
        missing.stderr.contains("there is no artifact 'none'"),
        "{missing:?}"
    );
    // Not built any more, and not in the cache either.
    fs::remove_dir_all(world.path("out/edge")).unwrap();
    let absent = run("edge", &[]);
    assert!(absent.stderr.contains("hint: build it"), "{absent:?}");
}

const MACHINES: &str = r#"
[hosts.here]
platform = "linux"
provider = "local"
connection = { mode = "local" }
firecracker = { local_launch = true, notes = [] }
[hosts.there]
platform = "linux"
provider = "aws"
connection = { mode = "ssh", destination = "192.0.2.1", user = "me" }
firecracker = { local_launch = false, notes = [] }
"#;

fn machine(name: &str, host: &str, substrate: &str, volumes: &str) -> String {
    format!(
        r#"
[machines.{name}]
host = "{host}"
kernel = "edge"
guest_image = "base"
substrate = "{substrate}"
protection_mode = "standard"
architecture = "native"
vcpu_count = 1
memory_mib = 320
kernel_args = "console=ttyS0 reboot=k panic=1 pci=off lazaret_test=1"
rootfs_read_only = false
guest = {{ vsock_cid = 3, control_port = 7000, console_log = "console.log" }}
{volumes}
"#
    )
}

#[test]
fn machines_of_the_document_are_launched_listed_and_stopped() {
    let name = unique("port");
    let volumes = "volumes = [{ name = \"data\", path = \"data.img\", backend = \"host-file\", persistence = \"persistent\" }]";
    let more = MACHINES.to_owned()
        + &machine(&name, "here", "qemu", volumes)
        + &machine("far", "there", "qemu", "")
        + &machine("fire", "here", "firecracker", "");
    let (world, lazaret) = built(&more);
    let machine = |words: &[&str]| lazaret.run([&["machine"], words].concat());

    let missing = machine(&["launch", &name]);
    assert_eq!(missing.status, Some(7), "{missing:?}");
    assert!(missing.stderr.contains("volume 'data'"), "{missing:?}");
    fs::File::create(world.path("data.img"))
        .unwrap()
        .set_len(8 << 20)
        .unwrap();
    let launched = machine(&["launch", &name]).success();
    assert!(
        launched
            .stdout
            .starts_with(&format!("launched machine '{name}' (")),
        "{launched:?}"
    );
    let listed = machine(&["list"]).success().stdout;
    let line = |name: &str| {
        let line = listed.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{listed}")).to_owned()
    };
    assert!(line(&name).contains(" Up "), "{listed}");
    assert!(line("far").contains("not launched"), "{listed}");
    let exec = |words: &[&str]| {
        lazaret
            .run([&["exec", name.as_str()], words].concat())
            .success()
    };
    let line = exec(&["cat", "/proc/cmdline"]).stdout;
    assert!(
        line.contains("lazaret_test=1") && !line.contains("reboot=k"),
        "{line}"
    );
    let disks = exec(&["sh", "-c", "cat /sys/block/vd*/serial"]).stdout;
    assert!(disks.contains("disk0"), "{disks}");
    let script = "for b in /sys/block/vd*; do [ \"$(cat $b/serial)\" = disk0 ] && \
                  echo on the volume > /dev/${b##*/}; done; sync";
    exec(&["sh", "-c", script]);

    // Another machine does not get a disk that this one has.
    let status = machine(&["status", &name, "--format", "json"]).success();
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status[0]["state"], "running", "{status}");
    machine(&["stop", &name]).success();
    let stopped = machine(&["status", &name]).success().stdout;
    assert!(stopped.contains("Exited"), "{stopped}");
    let volume = fs::read(world.path("data.img")).unwrap();
    assert!(volume.starts_with(b"on the volume\n"));

    let refused = |output: Output, text: &str| {
        assert_ne!(output.status, Some(0), "{output:?}");
        let said = output.stderr.to_lowercase();
        assert!(said.contains(text), "{output:?}");
    };
    refused(machine(&["launch", "far"]), "reached over ssh at 192.0.2.1");
    refused(machine(&["launch", "fire"]), "firecracker");
    refused(machine(&["launch", "firee"]), "did you mean 'fire'?");
    lazaret.run(["rm", "-f", &name]).success();
}
