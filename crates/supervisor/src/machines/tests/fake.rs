//! A fake hypervisor, whose emulators are processes that sleep.

use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lazaret_images::ImageStore;
use lazaret_protocol::{BootConfig, Process, Request, Root, RootMode};
use lazaret_vm::{Accelerator, Jail, LaunchPlan, Qemu};
use tempfile::TempDir;

use crate::Error;
use crate::machines::begin::Begun;
use crate::machines::emulator::{Emulator, Hypervisor};
use crate::machines::machine::Machine;
use crate::machines::{
    Design, DiskContent, DiskDesign, Found, Life, Machines, Naming, Options, Program,
};

/// The behaviour of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Works,
    Fails,
    Hangs,
}

impl Then {
    async fn happens(self) -> Result<(), Error> {
        match self {
            Self::Works => Ok(()),
            Self::Fails => Err(Error::ChannelClosed),
            Self::Hangs => std::future::pending().await,
        }
    }
}

/// A hypervisor that starts emulators with scripted behaviour.
#[derive(Debug, Clone)]
pub(super) struct Fake {
    start: Then,
    boot: Then,
    started: Arc<Mutex<Vec<u32>>>,
}

impl Fake {
    pub(super) fn new(start: Then, boot: Then) -> Self {
        Self {
            start,
            boot,
            started: Arc::default(),
        }
    }

    /// Process ids of the started emulators that still run.
    pub(super) fn living(&self) -> Vec<u32> {
        let mut pids = self.started.lock().unwrap().clone();
        pids.retain(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/stat"))
                .is_ok_and(|stat| !stat.contains(") Z "))
        });
        pids
    }
}

impl Hypervisor for Fake {
    type Emulator = Sleeper;

    async fn start(&self, _plan: &LaunchPlan, _frames: Option<OwnedFd>) -> Result<Sleeper, Error> {
        self.start.happens().await?;
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        self.started.lock().unwrap().push(child.id());
        Ok(Sleeper {
            child: Mutex::new(child),
            boot: self.boot,
        })
    }

    async fn resume(
        &self,
        plan: &LaunchPlan,
        _memory: &std::path::Path,
        frames: Option<OwnedFd>,
    ) -> Result<Sleeper, Error> {
        self.start(plan, frames).await
    }

    fn prepare_next(&self, _plan: &LaunchPlan, _begun: &Begun) {}
}

#[derive(Debug)]
pub(super) struct Sleeper {
    child: Mutex<Child>,
    boot: Then,
}

impl Emulator for Sleeper {
    type Guest = ();

    fn pid(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    async fn boot(&mut self, request: &Request, _limit: Duration) -> Result<(), Error> {
        let Request::Boot(boot) = request else {
            panic!("{request:?}");
        };
        assert!(boot.clock_nanos > 0 && !boot.entropy.is_empty());
        self.boot.happens().await
    }

    fn jail(&self) -> Jail {
        Jail::default()
    }

    fn begun(&self) -> Begun {
        Begun::Cold
    }

    async fn pause(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn resume(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn settle(&mut self, _limit: Duration) {}

    fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    async fn wait(&mut self) {
        self.child.get_mut().unwrap().wait().unwrap();
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// A folder of machines, and a store on which they hold leases.
pub(super) struct World {
    folder: TempDir,
    pub(super) machines: Machines,
    store: ImageStore,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            machines: Machines::open(folder.path().join("machines")).unwrap(),
            store: ImageStore::open(folder.path().join("images")).unwrap(),
            folder,
        }
    }

    /// Tries to make a machine that is about to be started; `writes` says whether its disk can be
    /// written, `remove` whether it is removed with its end.
    pub(super) fn create(
        &self,
        fake: &Fake,
        writes: bool,
        remove: bool,
    ) -> Result<Machine<Fake>, Error> {
        let write = move |path: &std::path::Path| {
            std::fs::write(path, "disk").unwrap();
            if writes {
                Ok(())
            } else {
                Err(Error::ChannelClosed)
            }
        };
        let shared = self.folder.path().join("shared");
        std::fs::write(&shared, "image").unwrap();
        let folder_of_volumes = self.folder.path().join("volumes");
        let design = Design {
            image: "image:v1".to_owned(),
            image_digest: "sha256:0".to_owned(),
            stop_signal: None,
            templates: "templates".into(),
            volumes_folder: folder_of_volumes,
            volumes: Vec::new(),
            folders: Vec::new(),
            program: Program::from(&Qemu::known("qemu".as_ref(), "7.2")),
            kernel_name: "kernel".to_owned(),
            accelerator: Accelerator::Tcg,
            memory_mib: 512,
            cpus: 1,
            kernel: "kernel".into(),
            initramfs: "initramfs".into(),
            boot_ranges: None,
            pack: None,
            words: Vec::new(),
            disks: vec![
                DiskDesign {
                    serial: "root".to_owned(),
                    read_only: true,
                    content: DiskContent::File(shared),
                },
                DiskDesign {
                    serial: "scratch".to_owned(),
                    read_only: false,
                    content: DiskContent::Own(Box::new(write)),
                },
            ],
            network: None,
            policy: Some("{}".to_owned()),
            integrations: None,
            boot: orders(),
            lease: self.store.lease().unwrap(),
        };
        let options = Options {
            remove,
            ..Options::default()
        };
        let held = self
            .machines
            .create(design, Naming::default(), options, Life::Starting)?;
        Ok(Machine::new(held, fake.clone(), None))
    }

    /// Whether a lease keeps the store from being pruned.
    pub(super) fn is_leased(&self) -> bool {
        self.store.prune(|_| false).is_err()
    }

    /// The machines, after what dead holders left was settled.
    pub(super) fn machines(&self) -> Vec<Found> {
        let folder = self.folder.path().join("machines");
        Machines::open(folder).unwrap().list().unwrap()
    }

    /// The names in the folder of the machines.
    pub(super) fn entries(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("machines")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "names.lock" && name != "events.jsonl")
            .collect()
    }
}

fn orders() -> BootConfig {
    BootConfig {
        hostname: "test".to_owned(),
        clock_nanos: 0,
        entropy: String::new(),
        root: Root {
            serial: "root".to_owned(),
            filesystem: "ext4".to_owned(),
            verity: None,
            mode: RootMode::Writable,
        },
        disks: Vec::new(),
        memory: Vec::new(),
        folders: Vec::new(),
        volumes: Vec::new(),
        mounts: Vec::new(),
        network: None,
        process: Process {
            argv: vec!["true".to_owned()],
            env: Vec::new(),
            user: String::new(),
            working_dir: String::new(),
            terminal: None,
            capabilities: None,
        },
    }
}
