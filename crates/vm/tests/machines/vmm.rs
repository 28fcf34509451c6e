//! What Firecracker can do in its jail: all that it needs, and no more. A program tries it in its place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use lazaret_vm::vmm::{Instance, Vmm};
use lazaret_vm::{Accelerator, Disk, DiskFormat, JailPart, LaunchPlan, Substrate};

use crate::world::PATIENCE;

/// Does what Firecracker does with its configuration, and tells each attempt on its console.
const SOURCE: &str = r#"
use std::fs::File;
use std::os::unix::net::{UnixListener, UnixStream};

fn main() {
    let file = std::env::args().nth(5).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let value = |name: &str, number: usize| {
        let rest = text.split(&format!("\"{name}\": \"")).nth(number + 1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let write = |path: String| File::options().read(true).write(true).open(path).is_ok();
    let tell = |what: &str, done: bool| println!("{what}: {}", if done { "yes" } else { "no" });
    tell("read the kernel", File::open(value("kernel_image_path", 0)).is_ok());
    tell("read the initramfs", File::open(value("initrd_path", 0)).is_ok());
    tell("read a disk", File::open(value("path_on_host", 0)).is_ok());
    tell("write a disk of others", write(value("path_on_host", 0)));
    tell("write its own disk", write(value("path_on_host", 1)));
    tell("read random numbers", File::open("/dev/urandom").is_ok());
    let socket = value("uds_path", 0);
    tell("make its socket", UnixListener::bind(&socket).is_ok());
    tell("reach the host's socket", UnixStream::connect(format!("{socket}_1024")).is_ok());
    tell("read a file", File::open("/etc/passwd").is_ok());
    tell("make a file", File::create("/tmp/lazaret-intruder").is_ok());
    tell("run a program", std::process::Command::new("/bin/true").status().is_ok());
    tell("listen on a port", std::net::TcpListener::bind("127.0.0.1:0").is_ok());
    tell("see other processes", File::open("/proc/2/stat").is_ok());
}
"#;

const NEEDED: [&str; 7] = [
    "read the kernel",
    "read the initramfs",
    "read a disk",
    "write its own disk",
    "read random numbers",
    "make its socket",
    "reach the host's socket",
];

/// What a part of the jail alone prevents.
const PREVENTED: [(&str, JailPart); 5] = [
    ("read a file", JailPart::Files),
    ("make a file", JailPart::Files),
    ("run a program", JailPart::Files),
    ("listen on a port", JailPart::SystemCalls),
    ("see other processes", JailPart::Files),
];

fn compile(folder: &Path) -> std::path::PathBuf {
    let (source, program) = (folder.join("vmm.rs"), folder.join("firecracker"));
    fs::write(&source, SOURCE).unwrap();
    let status = Command::new("rustc")
        .args(["--edition", "2024", "-C", "panic=abort", "-o"])
        .args([&program, &source])
        .status();
    assert!(status.unwrap().success());
    program
}

#[tokio::test]
async fn firecracker_has_what_it_needs_in_its_jail_and_nothing_else() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, b"\x7fELF").unwrap();
        path
    };
    let disk = |name: &str, read_only| Disk {
        path: file(name),
        format: DiskFormat::Raw,
        serial: name.to_owned(),
        read_only,
        lasting: false,
    };
    let plan = LaunchPlan {
        accelerator: Accelerator::Kvm,
        memory_mib: 256,
        cpus: 1,
        kernel: file("vmlinux"),
        initramfs: file("initramfs"),
        boot_ranges: None,
        cmdline: Vec::new(),
        disks: vec![disk("root", true), disk("scratch", false)],
        network: None,
        console_log: Some(folder.path().join("console.log")),
    };
    let program = compile(folder.path());
    let vmm = Vmm::known(Substrate::Firecracker, &program, "1.16.0");
    let mut instance = Instance::start(&vmm, &plan).await.unwrap();
    let jail = instance.jail().clone();
    // The program's connection is the guest's; it says nothing.
    let error = instance.handshake(PATIENCE).await.unwrap_err();
    let console = fs::read_to_string(folder.path().join("console.log")).unwrap();
    let told: BTreeMap<&str, bool> = console
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(what, done)| (what, done == "yes"))
        .collect();
    for what in NEEDED {
        assert_eq!(told.get(what), Some(&true), "{what}: {error}\n{console}");
    }
    for (what, part) in PREVENTED {
        if jail.holds.contains(&part) {
            assert_eq!(told.get(what), Some(&false), "{what}\n{console}");
        }
    }
    assert_eq!(
        told.get("write a disk of others"),
        Some(&!jail.holds.contains(&JailPart::Landlock))
    );
    for part in [JailPart::Privileges, JailPart::SystemCalls] {
        assert!(jail.holds.contains(&part), "{jail:?}");
    }
}
