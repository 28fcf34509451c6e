//! Tests several sessions at once in a booted machine, through the library that `run` uses.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_protocol::mux::Event;
use lazaret_protocol::{
    BootConfig, Ending, Outcome, Process, Request, Root, RootMode, WINDOW_BYTES,
};
use lazaret_vm::{
    Accelerator, Channel, Disk, DiskFormat, Events, LaunchPlan, Machine, Qemu, Session, Streams,
};
use tokio::time::timeout;

use crate::support::{Image, World};

/// Longest time for an emulated machine on a busy host.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes that each session sends in each direction: many times the window.
const BYTES: usize = 12 * WINDOW_BYTES;

fn shell(script: &str) -> Process {
    Process {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: vec!["PATH=/bin".to_owned()],
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    }
}

/// Boots a machine that runs this workload from a read-only disk.
async fn boot(world: &World, disk: PathBuf, workload: &str) -> (Machine, Channel, Session) {
    let exported = world.path("kernel");
    let plan = LaunchPlan {
        accelerator: Accelerator::Tcg,
        memory_mib: 256,
        cpus: 2,
        kernel: exported.join("vmlinuz"),
        initramfs: exported.join("initrd"),
        boot_ranges: None,
        cmdline: Vec::new(),
        disks: vec![Disk {
            path: disk,
            format: DiskFormat::Raw,
            serial: "root".to_owned(),
            read_only: true,
            lasting: false,
        }],
        network: None,
        console_log: None,
    };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let boot = BootConfig {
        hostname: "eight".to_owned(),
        clock_nanos: u64::try_from(clock.as_nanos()).unwrap(),
        entropy: String::new(),
        root: Root {
            serial: "root".to_owned(),
            filesystem: "erofs".to_owned(),
            verity: None,
            mode: RootMode::ReadOnly,
        },
        mounts: Vec::new(),
        disks: Vec::new(),
        memory: Vec::new(),
        folders: Vec::new(),
        volumes: Vec::new(),
        network: None,
        process: shell(workload),
    };
    let qemu = Qemu::find(OsStr::new("/usr/local/bin:/usr/bin:/bin")).await;
    let mut machine = Machine::start(&qemu.unwrap(), &plan, Streams::default())
        .await
        .unwrap();
    let (_, channel) = machine.handshake(PATIENCE).await.unwrap();
    let session = channel.open(&Request::Boot(Box::new(boot))).unwrap();
    (machine, channel, session)
}

/// Reads a session to its end; returns its outputs and the ending.
async fn drain(mut events: Events) -> (Vec<u8>, Vec<u8>, Ending) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match events.next().await.unwrap().expect("the machine is there") {
            Event::Started => {}
            Event::Output(bytes) => stdout.extend(bytes),
            Event::Errors(bytes) => stderr.extend(bytes),
            Event::Ended(ending) => return (stdout, stderr, ending),
        }
    }
}

/// The workload floods its output, which nobody reads. Meanwhile seven commands transfer their
/// streams, get their signals and end with their own statuses. Then the workload's output is read
/// completely.
#[test]
fn eight_sessions_share_a_machine_and_one_is_not_read() {
    let world = World::new();
    let layout = Image::busybox().write(&world.path("layout"));
    let disk = world.path("disk");
    let source = format!("oci:{}:v1", layout.display());
    let build = ["rootfs", "build", &source, "--fs", "erofs", "-o"];
    let lazaret = world.lazaret();
    lazaret
        .run([&build[..], &[disk.to_str().unwrap()]].concat())
        .success();
    let exported = world.path("kernel");
    let export = ["kernel", "export", "-o", exported.to_str().unwrap()];
    world.machine().run(export).success();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let lines = BYTES / 8;
        let workload = format!(
            "busybox seq 10000000 {}; echo end >&2; exit 9",
            10_000_000 + lines
        );
        let (mut machine, channel, stuck) = boot(&world, disk, &workload).await;
        let open = |script: &str| channel.open(&Request::Exec(shell(script))).unwrap();
        let input: Vec<u8> = (0..BYTES).map(|n| n.to_le_bytes()[n % 2]).collect();

        let mut echoes = Vec::new();
        for code in 0..5_u8 {
            let session = open(&format!("echo {code} >&2; cat; exit {code}"));
            let (mut writer, input) = (session.input, input.clone());
            let feed = tokio::spawn(async move { writer.write(&input).await });
            echoes.push((code, feed, tokio::spawn(drain(session.events))));
        }
        let mut trapped = open("trap 'echo caught; exit 20' USR1; echo ready; sleep 1000 & wait");
        let mut killed = open("exec sleep 1000");
        let started = timeout(PATIENCE, killed.events.next()).await.unwrap();
        assert_eq!(started.unwrap(), Some(Event::Started));

        for (code, feed, read) in echoes {
            let (stdout, stderr, ending) = timeout(PATIENCE, read).await.unwrap().unwrap();
            assert!(stdout == input, "{} of {BYTES} bytes", stdout.len());
            assert_eq!(String::from_utf8_lossy(&stderr), format!("{code}\n"));
            assert_eq!(ending, Ending::Exit(Outcome::Code(code)));
            assert!(feed.await.unwrap());
        }
        killed.control.signal(9);
        let (.., ending) = timeout(PATIENCE, drain(killed.events)).await.unwrap();
        assert_eq!(ending, Ending::Exit(Outcome::Signal(9)));
        for expected in [Event::Started, Event::Output(b"ready\n".to_vec())] {
            let event = timeout(PATIENCE, trapped.events.next()).await.unwrap();
            assert_eq!(event.unwrap(), Some(expected));
        }
        trapped.control.signal(10);
        let (stdout, _, ending) = timeout(PATIENCE, drain(trapped.events)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&stdout), "caught\n");
        assert_eq!(ending, Ending::Exit(Outcome::Code(20)));

        let (stdout, stderr, ending) = timeout(PATIENCE, drain(stuck.events)).await.unwrap();
        let expected: String = (0..=lines)
            .map(|n| format!("{}\n", 10_000_000 + n))
            .collect();
        assert!(stdout == expected.as_bytes(), "{} bytes", stdout.len());
        assert_eq!(String::from_utf8_lossy(&stderr), "end\n");
        assert_eq!(ending, Ending::Exit(Outcome::Code(9)));
        // The machine ends with its workload when the host hangs up.
        drop(channel);
        assert!(timeout(PATIENCE, machine.wait()).await.unwrap().success());
    });
}
