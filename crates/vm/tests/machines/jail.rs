//! What a QEMU that a guest took over could do: an exact list, by a program that tries it in QEMU's place,
//! and what the kernel says of a QEMU that runs.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lazaret_vm::{
    Accelerator, Disk, DiskFormat, Jail, JailMode, JailPart, LaunchPlan, Machine, Qemu, Streams,
};

use crate::world::{PATIENCE, World};

/// Tries what an intruder would try; tells each attempt on standard error.
const INTRUDER: &str = include_str!("intruder.rs");

/// What succeeds in a whole jail.
const ALLOWED: [&str; 3] = [
    "read a device of random numbers",
    "read its own disk",
    "read its own library folder",
];

/// A folder with a machine's files, a victim's file, and sockets to reach for.
struct Prey {
    folder: tempfile::TempDir,
    _socket: UnixListener,
    port: TcpListener,
}

impl Prey {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for name in ["vmlinux", "initramfs", "root", "scratch", "secret"] {
            fs::write(folder.path().join(name), [b'x'; 512]).unwrap();
        }
        Self {
            _socket: UnixListener::bind(folder.path().join("socket")).unwrap(),
            port: TcpListener::bind("127.0.0.1:0").unwrap(),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plan(&self) -> LaunchPlan {
        let disk = |name: &str, read_only| Disk {
            path: self.path(name),
            format: DiskFormat::Raw,
            serial: name.to_owned(),
            read_only,
            lasting: false,
        };
        LaunchPlan {
            accelerator: Accelerator::Tcg,
            memory_mib: 128,
            cpus: 1,
            kernel: self.path("vmlinux"),
            initramfs: self.path("initramfs"),
            boot_ranges: None,
            cmdline: Vec::new(),
            disks: vec![disk("root", true), disk("scratch", false)],
            network: None,
            console_log: None,
        }
    }

    /// Compiles the intruder, to be started as QEMU.
    fn intruder(&self) -> PathBuf {
        let port = self.port.local_addr().unwrap().port().to_string();
        let source = INTRUDER
            .replace("FOLDER", self.folder.path().to_str().unwrap())
            .replace("PORT", &port)
            .replace("VICTIM", &std::process::id().to_string());
        fs::create_dir(self.path("bin")).unwrap();
        let (path, program) = (self.path("bin/intruder.rs"), self.path("bin/intruder"));
        fs::write(&path, source).unwrap();
        let compiled = Command::new("rustc")
            .args(["--edition", "2024", "-C", "prefer-dynamic=no", "-o"])
            .args([&program, &path])
            .status();
        assert!(compiled.unwrap().success());
        program
    }
}

/// What the intruder could do, and what it was confined by.
async fn attempts(prey: &Prey, program: &Path, mode: JailMode) -> (BTreeMap<String, String>, Jail) {
    let qemu = Qemu::known(program, "1.0").with_jail(mode);
    let mut machine = Machine::start(&qemu, &prey.plan(), Streams::default())
        .await
        .unwrap();
    let jail = machine.jail().clone();
    let status = tokio::time::timeout(PATIENCE, machine.wait()).await;
    let told = machine.diagnostics().stderr();
    assert!(status.unwrap().success(), "{told}");
    let tries = told.lines().filter_map(|line| line.split_once(": "));
    let tries = tries.map(|(what, how)| (what.to_owned(), how.to_owned()));
    (tries.collect(), jail)
}

/// Whether the parts of the jail are all there: on other hosts the list of what is allowed is longer.
fn is_whole(jail: &Jail) -> bool {
    let whole = jail.missing.is_empty();
    if !whole {
        println!("left out on this host: {:?}", jail.missing);
    }
    whole
}

#[tokio::test]
async fn an_intruder_finds_nothing() {
    let prey = Prey::new();
    let program = prey.intruder();
    let (tries, jail) = attempts(&prey, &program, JailMode::Auto).await;
    assert!(tries.len() > 25, "{tries:#?}");
    if is_whole(&jail) {
        let done = tries.iter().filter(|(_, how)| *how == "done");
        let done: Vec<&str> = done.map(|(what, _)| what.as_str()).collect();
        assert_eq!(done, ALLOWED, "{tries:#?}");
        assert_eq!(jail.holds, JailPart::ALL);
    }
    assert!(fs::read(prey.path("secret")).unwrap() == [b'x'; 512]);
    assert!(fs::read(prey.path("root")).unwrap() == [b'x'; 512]);
    assert!(fs::metadata(prey.path("scratch")).unwrap().len() <= 512);
    assert!(!prey.path("planted").exists());
}

#[tokio::test]
async fn without_a_jail_the_same_program_does_all_of_it() {
    let prey = Prey::new();
    let program = prey.intruder();
    let (tries, jail) = attempts(&prey, &program, JailMode::Off).await;
    assert!(jail.holds.is_empty() && jail.missing.is_empty());
    // The attempts are real ones.
    for what in [
        "read the users",
        "reach the machine's socket",
        "reach TCP",
        "execute a shell",
    ] {
        assert_eq!(tries[what], "done", "{tries:#?}");
    }
    assert!(prey.path("planted").exists());
}

/// The kernel's own words on a QEMU that runs.
#[tokio::test]
async fn a_qemu_that_runs_has_nothing_but_its_machine() {
    let world = World::get().await;
    let mut machine = Machine::start(&world.qemu, &world.plan("inspected", 1), Streams::default())
        .await
        .unwrap();
    machine.handshake(PATIENCE).await.unwrap();
    let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", machine.pid())).unwrap();
    let status = read("status");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default()
            .trim_start_matches(':')
            .trim()
            .to_owned()
    };
    let jail = machine.jail().clone();
    let holds = |part| jail.holds.contains(&part);
    assert!(
        holds(JailPart::Privileges) && holds(JailPart::SystemCalls),
        "{jail:?}"
    );
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(field(set), "0000000000000000", "{status}");
    }
    assert_eq!(field("NoNewPrivs"), "1");
    assert_eq!(field("Seccomp"), "2");
    // QEMU's own filter and ours.
    assert!(
        field("Seccomp_filters").parse::<u32>().unwrap_or(2) >= 2,
        "{status}"
    );
    if is_whole(&jail) {
        let uids: Vec<String> = field("Uid").split_whitespace().map(str::to_owned).collect();
        let own = rustix::process::geteuid();
        assert!(
            own.is_root() == uids.iter().all(|uid| *uid != own.as_raw().to_string()),
            "{status}"
        );
        assert!(field("NSpid").ends_with("\t1"), "{status}");
        for space in ["mnt", "net", "ipc", "uts", "pid"] {
            let link =
                |process: &str| fs::read_link(format!("/proc/{process}/ns/{space}")).unwrap();
            assert_ne!(link(&machine.pid().to_string()), link("self"), "{space}");
        }
        let mounts = read("mountinfo");
        for line in mounts.lines() {
            let place = line.split(' ').nth(4).unwrap();
            let options = line.split(' ').nth(5).unwrap();
            assert!(options.split(',').any(|option| option == "ro"), "{line}");
            let known = [
                "/",
                "/lib",
                "/lib64",
                "/usr/",
                "/etc/ld.so.cache",
                "/dev/urandom",
                "/proc/self/fd",
            ];
            assert!(known.iter().any(|known| place.starts_with(known)), "{line}");
            assert!(
                place != "/usr/" && !place.starts_with("/usr/bin/")
                    || place.ends_with("qemu-system-x86_64"),
                "{line}"
            );
        }
        let routes = fs::read_to_string(format!("/proc/{}/net/route", machine.pid())).unwrap();
        assert!(routes.lines().count() <= 1, "{routes}");
    }
    let limits = read("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split_whitespace()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max file size"), (256_u64 << 20).to_string());
    assert!(
        limit("Max open files").parse::<u64>().unwrap() <= 1024,
        "{limits}"
    );
    // What it has open: sockets and files of its machine, and what it makes for itself.
    let folder = format!("/proc/{}/fd", machine.pid());
    let open: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .collect();
    for path in &open {
        let text = path.to_str().unwrap();
        let own = [
            "socket:",
            "pipe:",
            "anon_inode:",
            "/dev/null",
            "/dev/urandom",
            "/memfd:",
        ];
        let files = ["root", "inspected", "initramfs", "vmlinux"];
        let is_own = own.iter().any(|start| text.starts_with(start))
            || files
                .iter()
                .any(|name| path.file_name().is_some_and(|file| file == *name));
        assert!(is_own, "{open:#?}");
    }
    machine.kill();
    tokio::time::timeout(Duration::from_secs(5), machine.wait())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_jail_that_is_required_is_whole_or_nothing_starts() {
    let prey = Prey::new();
    let script = prey.path("qemu");
    fs::write(&script, "#!/bin/sh\nsleep 100\n").unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let qemu = Qemu::known(&script, "1.0").with_jail(JailMode::Require);
    let error = Machine::start(&qemu, &prey.plan(), Streams::default())
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("files (the hypervisor is a script"), "{text}");
    assert!(matches!(error, lazaret_vm::Error::Jail { .. }));
}
