//! What machines of these tests need: kernel, initramfs, disks, a template.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_protocol::mux::Event;
use lazaret_protocol::{BootConfig, Ending, Outcome, Process, Request, Root, RootMode};
use lazaret_rootfs::{Attributes, DiskBuilder, FileSystem, Initramfs, Options, empty_disk};
use lazaret_vm::kernel::{Purpose, Source, Store};
use lazaret_vm::{
    Accelerator, Channel, Disk, DiskFormat, LaunchPlan, Machine, Qemu, Streams, Template,
};
use tokio::sync::OnceCell;

use crate::probe;

/// Longest time for anything that a machine does in these tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with a kernel, an initramfs and disks, and an installed QEMU. All tests share it.
pub(crate) struct World {
    pub(crate) qemu: Qemu,
    folder: PathBuf,
    kernel: PathBuf,
}

static WORLD: OnceCell<World> = OnceCell::const_new();
static SAVED: OnceCell<PathBuf> = OnceCell::const_new();

impl World {
    pub(crate) async fn get() -> &'static Self {
        WORLD.get_or_init(Self::make).await
    }

    async fn make() -> Self {
        let search = std::env::var_os("PATH").unwrap();
        let qemu = Qemu::find(&search).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("machines");
        // What the last run left.
        let _none_is_left = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let package = Source::Package(lazaret_testing::machine::kernel_package().unwrap());
        let kernel = Store::new(folder.join("kernels"))
            .import(&package, None)
            .unwrap();
        let archive = File::create(folder.join("initramfs")).unwrap();
        write_initramfs(archive, &kernel.modules);
        let world = Self {
            qemu,
            folder,
            kernel: kernel.image,
        };
        let program = probe::compile(&world.folder);
        let options = Options {
            file_system: FileSystem::Erofs,
            ..Options::default()
        };
        let root = File::create(world.path("root")).unwrap();
        let mut root = DiskBuilder::create(root, options).unwrap();
        let program = File::open(program).unwrap();
        root.add_file("bin/probe", Attributes::new(0o755), program)
            .unwrap();
        for mount in ["proc", "sys", "dev", "tmp", "run"] {
            root.make_directory(mount).unwrap();
        }
        root.finish().unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A machine of two disks: the common root and a scratch disk of its own, of `mib` MiB.
    pub(crate) fn plan(&self, name: &str, mib: u64) -> LaunchPlan {
        let scratch = self.path(name);
        let file = File::create(&scratch).unwrap();
        empty_disk(file, mib * 1024 * 1024, Options::default()).unwrap();
        let disk = |path, serial: &str, read_only| Disk {
            path,
            format: DiskFormat::Raw,
            serial: serial.to_owned(),
            read_only,
            lasting: false,
        };
        LaunchPlan {
            accelerator: Accelerator::Tcg,
            memory_mib: 256,
            cpus: 1,
            kernel: self.kernel.clone(),
            initramfs: self.path("initramfs"),
            boot_ranges: None,
            cmdline: Vec::new(),
            disks: vec![
                disk(self.path("root"), "root", true),
                disk(scratch, name, false),
            ],
            network: None,
            console_log: None,
        }
    }

    /// The template that all tests share, opened.
    pub(crate) async fn template(&self) -> Template {
        let saved = SAVED.get_or_init(async || {
            let (folder, _) = self.save(&self.plan("template", 8), "saved").await;
            folder
        });
        Template::open(saved.await).unwrap()
    }

    /// Saves a template for machines of `plan` in the folder of this name.
    pub(crate) async fn save(&self, plan: &LaunchPlan, name: &str) -> (PathBuf, Template) {
        let folder = self.path(name);
        fs::create_dir(&folder).unwrap();
        let saved = Machine::save_template(&self.qemu, plan, &folder, PATIENCE).await;
        (folder, saved.unwrap())
    }

    /// Starts a machine from a template.
    pub(crate) async fn restore(&self, plan: &LaunchPlan, template: &Template) -> Machine {
        let restored =
            Machine::restore(&self.qemu, plan, template, Streams::default(), PATIENCE).await;
        restored.unwrap()
    }
}

/// Greets the guest, which runs `arguments` of the probe as its workload; the answers are output
/// and channel. The machine ends when the channel is dropped.
pub(crate) async fn run(
    machine: &mut Machine,
    plan: &LaunchPlan,
    arguments: &[&str],
) -> (String, Channel) {
    let (_, channel) = machine.handshake(PATIENCE).await.unwrap();
    let output = order(&channel, &Request::Boot(Box::new(boot(plan, arguments)))).await;
    (output, channel)
}

/// The orders for a guest with the disks of `plan`.
fn boot(plan: &LaunchPlan, arguments: &[&str]) -> BootConfig {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    BootConfig {
        hostname: "test".to_owned(),
        clock_nanos: u64::try_from(now.as_nanos()).unwrap(),
        entropy: "00112233445566778899aabbccddeeff".repeat(4),
        root: Root {
            serial: plan.disks[0].serial.clone(),
            filesystem: "erofs".to_owned(),
            verity: None,
            mode: RootMode::Overlay {
                serial: plan.disks[1].serial.clone(),
            },
        },
        mounts: Vec::new(),
        disks: Vec::new(),
        memory: Vec::new(),
        folders: Vec::new(),
        volumes: Vec::new(),
        network: None,
        process: Process {
            argv: [&["/bin/probe"], arguments]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            env: vec!["PATH=/bin".to_owned()],
            user: String::new(),
            working_dir: "/".to_owned(),
            terminal: None,
            capabilities: None,
        },
    }
}

/// The output of a command that succeeds.
async fn order(channel: &Channel, request: &Request) -> String {
    let mut session = channel.open(request).unwrap();
    let mut output = Vec::new();
    loop {
        let event = tokio::time::timeout(PATIENCE, session.events.next()).await;
        match event.unwrap().unwrap() {
            Some(Event::Output(bytes) | Event::Errors(bytes)) => output.extend(bytes),
            Some(Event::Ended(ending)) => {
                let text = String::from_utf8_lossy(&output).into_owned();
                assert_eq!(ending, Ending::Exit(Outcome::Code(0)), "{text}");
                return text;
            }
            Some(_) => {}
            None => panic!("the machine is gone"),
        }
    }
}

fn write_initramfs(file: File, modules: &[lazaret_vm::kernel::Module]) {
    let mut archive = Initramfs::new(std::io::BufWriter::new(file));
    for folder in ["dev", "proc", "sys", "run", "mnt", "lib", "lib/modules"] {
        archive.directory(folder, 0o755).unwrap();
    }
    archive.char_device("dev/console", 0o600, 5, 1).unwrap();
    archive.char_device("dev/null", 0o666, 1, 3).unwrap();
    archive.file("init", 0o755, guest()).unwrap();
    for (purpose, list) in [
        (Purpose::Machine, "load"),
        (Purpose::Devices, "load.devices"),
    ] {
        let names = modules.iter().filter(|module| module.purpose == purpose);
        let names: String = names
            .map(|module| format!("{}\n", module.file_name))
            .collect();
        archive
            .file(format!("lib/modules/{list}"), 0o644, names)
            .unwrap();
    }
    for module in modules {
        let content = fs::read(&module.path).unwrap();
        let path = format!("lib/modules/{}", module.file_name);
        archive.file(path, 0o644, content).unwrap();
    }
    archive.finish().unwrap();
}

/// The guest, built as `crates/supervisor/build.rs` does.
fn guest() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = lazaret_testing::made::made("guest");
    let target = "x86_64-unknown-linux-gnu";
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["build", "--quiet", "--locked", "--package", "lazaret-guest"])
        .args(["--profile", "guest", "--target", target])
        .arg("--target-dir")
        .arg(&folder)
        .env(
            "RUSTFLAGS",
            "-C target-feature=+crt-static -C relocation-model=static",
        )
        .status();
    assert!(status.unwrap().success(), "the guest does not build");
    fs::read(folder.join(target).join("guest/lazaret-guest")).unwrap()
}
