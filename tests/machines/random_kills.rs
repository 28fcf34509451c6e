//! Kills the processes around a machine at random moments of its life: whatever the moment, the next
//! commands tell the truth, free everything, and leave other machines alone.
//!
//! The choices follow from a seed that is printed. `LAZARET_TORTURE_ROUNDS` is the number of kills.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::eventually;
use crate::support::{Image, Lazaret, World, kernel_package, rounds};

const IMAGE: &str = "image";
/// The machine that is killed.
const NAME: &str = "victim";
const SCRIPT: &str = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
const USUAL_KILLS: u32 = 6;

/// What is done while the kill comes: the arguments, and whether a machine runs before.
const DEEDS: [(&[&str], bool); 9] = [
    (
        &["-q", "run", "-d", "--name", NAME, IMAGE, "sh", "-c", SCRIPT],
        false,
    ),
    (
        &["-q", "run", "--rm", "--name", NAME, IMAGE, "sleep", "0.3"],
        false,
    ),
    (
        &["exec", NAME, "sh", "-c", "echo begun; exec sleep 0.5"],
        true,
    ),
    (&["cp", "tree", "victim:/tree"], true),
    (&["cp", "victim:/bin", "out"], true),
    (&["stop", NAME], true),
    (&["restart", NAME], true),
    (&["rm", "-f", NAME], true),
    (&["checkpoint", "create", NAME, "moment"], true),
];

/// The process that is killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    Command,
    Holder,
    Emulator,
    Keeper,
}

const VICTIMS: [Victim; 4] = [
    Victim::Command,
    Victim::Holder,
    Victim::Emulator,
    Victim::Keeper,
];

#[test]
fn whatever_is_killed_at_any_moment_leaves_nothing_and_no_lie() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let scene = Scene::new();
    for round in 0..rounds(USUAL_KILLS) {
        let (deed, runs_before) = DEEDS[random.usize(..DEEDS.len())];
        let victim = VICTIMS[random.usize(..VICTIMS.len())];
        let pause = Duration::from_millis(random.u64(..900));
        println!("{round}: {victim:?} after {pause:?} of {deed:?}");
        if runs_before {
            scene.lazaret.run(DEEDS[0].0).success();
        }
        let mut command = scene.lazaret.command(deed);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut command = command.spawn().unwrap();
        std::thread::sleep(pause);
        scene.kill(victim, &command);
        eventually("the command ends", || command.try_wait().unwrap().is_some());
        scene.check();
    }
}

/// A home of its own, in which nobody else starts anything, with a machine that is not touched.
struct Scene {
    lazaret: Lazaret,
    home: PathBuf,
    _world: World,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let lazaret = world.lazaret();
        let kernel = kernel_package().unwrap();
        lazaret
            .run(["kernel", "import", kernel.to_str().unwrap()])
            .success();
        let layout = Image::busybox().write(&world.path("layout"));
        lazaret
            .run(["image", "import", layout.to_str().unwrap(), IMAGE])
            .success();
        for name in 0..200 {
            world.write(&format!("tree/{name}"), vec![7; 20_000]);
        }
        let scene = Self {
            lazaret,
            home: world.path("home"),
            _world: world,
        };
        let run = [
            "-q",
            "run",
            "-d",
            "--name",
            "bystander",
            IMAGE,
            "sleep",
            "100000",
        ];
        scene.lazaret.run(run).success();
        scene
    }

    /// What `ps` tells of a machine.
    fn listed(&self, name: &str) -> Option<Value> {
        let filter = format!("name=^{name}$");
        let listed = self
            .lazaret
            .run(["ps", "-a", "--format", "json", "-f", &filter])
            .json();
        listed.get(0).cloned()
    }

    fn kill(&self, victim: Victim, command: &Child) {
        let machine = || {
            let listed = std::fs::read_dir(self.home.join("data/machines")).ok()?;
            let mut folders = listed.map(|entry| entry.unwrap().path());
            folders.find(|folder| {
                let text = std::fs::read_to_string(folder.join("machine.json"));
                text.is_ok_and(|text| text.contains(&format!("\"{NAME}\"")))
            })
        };
        let holder = || {
            let folder = machine()?;
            let folder = folder.to_str().unwrap();
            processes().find(|process| process.runs(&["hold", folder]))
        };
        let pid = match victim {
            Victim::Command => Some(command.id()),
            Victim::Holder => holder().map(|process| process.pid),
            Victim::Emulator => holder().and_then(|holder| {
                let mut children =
                    processes().filter(|process| process.parent() == Some(holder.pid));
                children.next().map(|process| process.pid)
            }),
            Victim::Keeper => {
                let home = self.home.to_str().unwrap();
                processes()
                    .find(|process| process.runs(&["keep"]) && process.uses(home))
                    .map(|process| process.pid)
            }
        };
        if let Some(pid) = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).unwrap())) {
            // It may have ended just now.
            let _gone = kill_process(pid, Signal::KILL);
        }
    }

    /// Compares what `ps` tells with what there is, and frees the machine.
    fn check(&self) {
        let state = || self.listed(NAME).map(|listed| listed["state"].clone());
        eventually("the machine is at rest or runs", || {
            !matches!(
                state().as_ref().and_then(Value::as_str),
                Some("starting" | "stopping")
            )
        });
        if state().is_some_and(|state| state == "running") {
            self.lazaret.run(["exec", NAME, "true"]).success();
        }
        self.lazaret.run(["rm", "-f", NAME]);
        assert_eq!(self.listed(NAME), None);
        self.lazaret.run(["exec", "bystander", "true"]).success();
        // Made by a command that lived long enough, or not there at all.
        self.lazaret
            .run(["checkpoint", "rm", "-f", "moment"])
            .success();
        let unfinished = self.home.join("data/checkpoints/.unfinished");
        eventually("nothing is left of a checkpoint", || {
            self.lazaret.run(["ps"]).success();
            std::fs::read_dir(&unfinished).map_or(0, Iterator::count) == 0
        });
        let folders = std::fs::read_dir(self.home.join("data/machines")).unwrap();
        let folders = folders.map(|entry| entry.unwrap().path());
        let folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
        assert_eq!(folders.len(), 1, "{folders:?}");
        let home = self.home.to_str().unwrap();
        let emulators = || {
            let of_home = processes().filter(|process| process.is_emulator() && process.uses(home));
            of_home
                .filter(|process| process.parent() != Some(1))
                .count()
        };
        let holders = || {
            processes()
                .filter(|process| process.runs(&["hold", home]))
                .count()
        };
        eventually("one holder is left", || holders() == 1);
        eventually("one emulator is left, beside that of a template", || {
            let orphans = processes()
                .filter(|process| process.is_emulator() && process.uses(home))
                .filter(|process| process.parent() == Some(1));
            emulators() <= 2 && orphans.count() == 0
        });
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _gone = self.lazaret.run(["rm", "-f", "bystander", NAME]);
    }
}

/// A process of this host.
struct Process {
    pid: u32,
}

fn processes() -> impl Iterator<Item = Process> {
    let listed = std::fs::read_dir("/proc").unwrap();
    listed.filter_map(|entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some(Process { pid })
    })
}

impl Process {
    fn file(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.pid.to_string()).join(name)
    }

    fn arguments(&self) -> Vec<String> {
        let line = std::fs::read(self.file("cmdline")).unwrap_or_default();
        let parts = line.split(|byte| *byte == 0);
        parts
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect()
    }

    /// Whether it is `lazaret` in a role, with a further argument that begins so.
    fn runs(&self, words: &[&str]) -> bool {
        let arguments = self.arguments();
        words.iter().enumerate().all(|(index, word)| {
            let argument = arguments.get(index + 1);
            argument.is_some_and(|argument| argument.starts_with(word))
        })
    }

    fn is_emulator(&self) -> bool {
        let program = self.arguments().into_iter().next().unwrap_or_default();
        program.contains("qemu-system")
    }

    /// Whether it has a file beneath a folder open, or names one.
    fn uses(&self, folder: &str) -> bool {
        let named = self
            .arguments()
            .iter()
            .any(|argument| argument.contains(folder));
        let open = || {
            let links = std::fs::read_dir(self.file("fd")).ok()?;
            let mut links = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
            links.find(|link| link.starts_with(folder))
        };
        named || open().is_some()
    }

    fn parent(&self) -> Option<u32> {
        let status = std::fs::read_to_string(self.file("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        line.trim().parse().ok()
    }
}
