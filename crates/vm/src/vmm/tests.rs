use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::paths::Paths;
use super::program::parse_version;
use super::*;
use crate::qemu::example_plan;
use crate::{Accelerator, Disk, DiskFormat, Error, JailMode, LaunchPlan, Substrate};

fn plan() -> LaunchPlan {
    let mut plan = LaunchPlan {
        accelerator: Accelerator::Kvm,
        console_log: Some("/machines/00ff/console.log".into()),
        ..example_plan()
    };
    plan.disks.push(Disk {
        path: "/volumes/v".into(),
        format: DiskFormat::Raw,
        serial: "volume0".into(),
        read_only: false,
        lasting: true,
    });
    plan
}

fn paths() -> Paths {
    Paths {
        kernel: 7,
        initramfs: 9,
        disks: vec![11, 13, 15],
        folder: 17,
    }
}

fn lines(arguments: &[OsString]) -> String {
    let line = |argument: &OsString| format!("{}\n", argument.to_str().unwrap());
    arguments.iter().map(line).collect()
}

#[test]
fn a_plan_becomes_firecrackers_configuration() {
    let configuration = firecracker::configuration(&plan(), &paths()).unwrap();
    assert_eq!(
        String::from_utf8(configuration).unwrap(),
        include_str!("golden/firecracker.json")
    );
    assert_eq!(
        lines(&firecracker::arguments(&plan(), &paths())),
        "--no-api\n--id\n00ff\n--config-file\n/proc/self/fd/17/configuration.json\n"
    );
}

#[test]
fn a_machine_has_an_id_that_firecracker_takes() {
    for (folder, id) in [("a_b", "machine"), ("x-1", "x-1"), ("ä", "machine")] {
        let plan = LaunchPlan {
            console_log: Some(format!("/machines/{folder}/console.log").into()),
            ..plan()
        };
        let arguments = firecracker::arguments(&plan, &paths());
        assert_eq!(arguments[2].to_str(), Some(id), "{folder}");
    }
    let plan = LaunchPlan {
        console_log: None,
        ..plan()
    };
    assert_eq!(firecracker::arguments(&plan, &paths())[2], *"machine");
}

#[test]
fn a_plan_becomes_cloud_hypervisors_command_line() {
    let expected = include_str!("golden/cloud-hypervisor.txt");
    let arguments = |landlock| lines(&cloud_hypervisor::arguments(&plan(), &paths(), landlock));
    assert_eq!(arguments(true), expected);
    assert_eq!(arguments(false), expected.replace("--landlock\n", ""));
    let none = LaunchPlan {
        disks: Vec::new(),
        ..plan()
    };
    let text = lines(&cloud_hypervisor::arguments(&none, &paths(), false));
    assert!(!text.contains("--disk"), "{text}");
}

#[test]
fn versions_are_read_from_the_first_line() {
    let check = |output, version: Option<&str>| {
        let of = |substrate| parse_version(substrate, output);
        let found = of(Substrate::Firecracker).or(of(Substrate::CloudHypervisor));
        assert_eq!(found.as_deref(), version, "{output}");
    };
    check("Firecracker v1.16.0\n\n", Some("1.16.0"));
    check("cloud-hypervisor v53.0.0-12-gabc\n", Some("53.0.0-12-gabc"));
    check("cloud-hypervisor 53\n", Some("53"));
    check("something else", None);
    check("true (GNU coreutils) 9.1", None);
    check("", None);
    check("Firecracker v1\u{1b}[2J", None);
}

/// What stands in for a hypervisor: a script that tells a version, and else does `body`. The path of the folder
/// with the socket is in `$room`.
async fn stand_in(folder: &Path, body: &str) -> Vmm {
    let path = folder.join("firecracker");
    let script = format!(
        "#!/usr/bin/env bash\n[ \"$1\" = --version ] && {{ echo 'Firecracker v1.0'; exit; }}\n\
         room=${{5%/*}}\n{body}\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    // A fork in another test may hold the script open for writing for a moment.
    loop {
        match Vmm::find(Substrate::Firecracker, folder.as_os_str(), None).await {
            Err(Error::HypervisorUnusable { reason, .. }) if reason.contains("busy") => {}
            found => return found.unwrap().with_jail(JailMode::Off),
        }
    }
}

/// A machine whose files exist, whose hypervisor does `body`.
async fn start(folder: &Path, body: &str) -> Result<Instance, Error> {
    let vmm = stand_in(folder, body).await;
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, b"\x7fELF").unwrap();
        path
    };
    let mut plan = plan();
    plan.kernel = file("vmlinux");
    plan.initramfs = file("initramfs");
    for (number, disk) in plan.disks.iter_mut().enumerate() {
        disk.path = file(&format!("disk{number}"));
    }
    plan.console_log = Some(folder.join("console.log"));
    Instance::start(&vmm, &plan).await
}

const LIMIT: Duration = Duration::from_secs(20);

async fn handshake_error(body: &str, limit: Duration) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let mut instance = start(folder.path(), body).await.unwrap();
    let error = instance.handshake(limit).await.unwrap_err();
    drop(instance);
    assert!(!folder.path().join("hypervisor").exists());
    error
}

#[tokio::test]
async fn a_hypervisor_that_ends_at_once_says_why() {
    let error = handshake_error(
        "echo 'no such disk' >&2; echo 'Kernel panic'; exit 148",
        LIMIT,
    );
    let text = error.await.to_string();
    assert!(text.contains("exit status: 148"), "{text}");
    assert!(text.contains("the hypervisor said: no such disk"), "{text}");
    assert!(
        text.contains("the console ends with: Kernel panic"),
        "{text}"
    );
}

#[tokio::test]
async fn a_guest_that_never_connects_is_given_up() {
    let error = handshake_error("exec sleep 1000", Duration::from_millis(300)).await;
    assert!(matches!(error, Error::GuestSilent { .. }), "{error:?}");
}

#[tokio::test]
async fn a_flooded_console_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut instance = start(folder.path(), "exec yes endless").await.unwrap();
    let limit = Duration::from_secs(2);
    let error = instance.handshake(limit).await.unwrap_err();
    assert!(matches!(error, Error::GuestSilent { .. }), "{error:?}");
    instance.kill();
    instance.wait().await;
    let log = std::fs::metadata(folder.path().join("console.log")).unwrap();
    let most = crate::process::console::MAX_LOG_BYTES as u64;
    assert!((most..most + 100).contains(&log.len()), "{}", log.len());
}

#[tokio::test]
async fn it_inherits_what_the_machine_has_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&foreign, rustix::io::FdFlags::empty()).unwrap();
    let body = "ls -l /proc/self/fd | sed -n 's/.*-> //p'; env; cat $5; exit 0";
    let mut instance = start(folder.path(), body).await.unwrap();
    let error = instance.handshake(LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::MachineEnded { .. }), "{error:?}");
    let text = std::fs::read_to_string(folder.path().join("console.log")).unwrap();
    for name in ["vmlinux", "initramfs", "disk0", "disk1", "disk2"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("CARGO"), "{text}");
    // Its standard input, and nothing of this process's.
    assert_eq!(text.matches("/dev/null").count(), 1, "{text}");
    assert!(text.contains("\"guest_cid\": 3"), "{text}");
}

#[tokio::test]
async fn firecracker_is_given_no_bzimage() {
    let folder = tempfile::tempdir().unwrap();
    let vmm = stand_in(folder.path(), "exit 0").await;
    let mut plan = plan();
    plan.console_log = None;
    plan.kernel = folder.path().join("bzImage");
    std::fs::write(&plan.kernel, [0; 1024]).unwrap();
    let error = Instance::start(&vmm, &plan).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("Firecracker does not support"), "{text}");
    assert!(text.contains("bzImage"), "{text}");
}

#[tokio::test]
async fn a_program_that_is_not_there_or_tells_no_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let find = async |given: Option<&Path>| {
        let found = Vmm::find(Substrate::CloudHypervisor, folder.path().as_os_str(), given);
        found.await.unwrap_err().to_string()
    };
    assert_eq!(
        find(None).await,
        "Cloud Hypervisor was not found: there is no cloud-hypervisor in PATH"
    );
    let text = find(Some(Path::new("/bin/true"))).await;
    assert!(text.contains("does not tell its version"), "{text}");
    let text = find(Some(&folder.path().join("nothing"))).await;
    assert!(text.contains("does not run"), "{text}");
}

/// Connects as the guest of the machine in `folder` does.
async fn connect(folder: &Path) -> std::io::Result<tokio::net::UnixStream> {
    tokio::net::UnixStream::connect(folder.join("hypervisor/vsock_1024")).await
}

#[tokio::test]
async fn a_guest_that_speaks_garbage_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0xff; 100],
        &[1, 0, 0, 0, 0],
    ] {
        let mut instance = start(folder.path(), "exec sleep 1000").await.unwrap();
        let mut guest = connect(folder.path()).await.unwrap();
        guest.write_all(bytes).await.unwrap();
        let error = instance.handshake(LIMIT).await.unwrap_err();
        let is_told = matches!(error, Error::GuestMismatch { .. } | Error::Protocol { .. });
        assert!(is_told, "{error:?}");
    }
    // One that hangs up before it has said anything.
    let mut instance = start(folder.path(), "exec sleep 1000").await.unwrap();
    drop(connect(folder.path()).await.unwrap());
    let error = instance.handshake(LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::MachineEnded { .. }), "{error:?}");
}

#[tokio::test]
async fn only_the_first_connection_is_the_guests() {
    let folder = tempfile::tempdir().unwrap();
    let mut instance = start(folder.path(), "exec sleep 1000").await.unwrap();
    let mut guest = connect(folder.path()).await.unwrap();
    let mut second = connect(folder.path()).await.unwrap();
    let hello = lazaret_protocol::Hello::new("6.1").encode();
    guest.write_all(&hello).await.unwrap();
    let (heard, _channel) = instance.handshake(LIMIT).await.unwrap();
    assert_eq!(heard.kernel, "6.1");
    // The other one was never heard, and nobody can come later.
    second.write_all(&hello).await.ok();
    let mut answer = [0; 1];
    assert!(matches!(second.read(&mut answer).await, Ok(0) | Err(_)));
    assert!(connect(folder.path()).await.is_err());
    let again = instance.handshake(LIMIT).await.unwrap_err();
    assert!(again.to_string().contains("greeted before"), "{again}");
}

#[tokio::test]
async fn a_hypervisor_that_dies_ends_the_channel_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut instance = start(folder.path(), "exec sleep 1000").await.unwrap();
    let mut guest = connect(folder.path()).await.unwrap();
    let hello = lazaret_protocol::Hello::new("6.1").encode();
    guest.write_all(&hello).await.unwrap();
    let (_, channel) = instance.handshake(LIMIT).await.unwrap();
    let mut session = channel.open(&lazaret_protocol::Request::Processes).unwrap();
    instance.kill();
    let status = instance.wait().await;
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(9)
    );
    // What the hypervisor would have closed.
    drop(guest);
    let ended = tokio::time::timeout(LIMIT, session.events.next()).await;
    assert!(matches!(ended.unwrap(), Ok(None) | Err(_)));
}
