//! Tests machines that live beside the command line: each command, as users of container tools know
//! it.

mod changes;
mod checkpoints;
mod commands;
mod copy;
mod flags;
mod folders;
mod jail;
mod kills;
mod random_kills;
mod rights;
mod terminal;
mod top;
mod volumes;

pub(crate) use terminal::Window;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Image, Lazaret, Output, World};

/// A machine that answers, and goes with this value.
pub(crate) struct Machine {
    pub(crate) lazaret: Lazaret,
    pub(crate) name: String,
    _world: World,
}

impl Machine {
    /// Runs `script` in a machine of this name, detached, with further flags.
    pub(crate) fn run(name: &str, flags: &[&str], script: &str) -> Self {
        Self::of(Image::busybox(), name, flags, script)
    }

    /// The same with an image of this content.
    pub(crate) fn of(image: Image, name: &str, flags: &[&str], script: &str) -> Self {
        let world = World::new();
        let lazaret = world.imported(image, name);
        let fixed = ["-q", "run", "-d", "--name", name];
        let rest = [name, "sh", "-c", script];
        lazaret.run([&fixed, flags, &rest].concat()).success();
        Self::running(lazaret, name, world)
    }

    /// A machine that runs already, in the home of `lazaret`.
    pub(crate) fn running(lazaret: Lazaret, name: &str, world: World) -> Self {
        Self {
            lazaret,
            name: name.to_owned(),
            _world: world,
        }
    }

    /// Runs a command of the command line: `{}` stands for the machine's name.
    pub(crate) fn with(&self, arguments: &[&str]) -> Output {
        let name = |word: &&str| {
            if *word == "{}" {
                self.name.clone()
            } else {
                (*word).to_owned()
            }
        };
        self.lazaret.run(arguments.iter().map(name))
    }

    /// Starts a command in the machine, which goes on meanwhile.
    pub(crate) fn spawn(&self, script: &str) -> Child {
        let exec = ["exec", &self.name, "sh", "-c", script];
        let mut command = self.lazaret.command(exec);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// The state of the machine, in one word.
    pub(crate) fn state(&self) -> String {
        let inspected = self.with(&["inspect", "{}"]).success().stdout;
        let described: serde_json::Value = serde_json::from_str(&inspected).unwrap();
        described[0]["state"]["status"].as_str().unwrap().to_owned()
    }

    /// Waits until the workload has written this.
    pub(crate) fn wait_for_logs(&self, text: &str) {
        eventually(text, || self.with(&["logs", "{}"]).stdout == text);
    }

    /// Waits until the machine is in a state.
    pub(crate) fn wait_for(&self, state: &str) {
        eventually(state, || self.state() == state);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _gone = self.lazaret.run(["rm", "-f", &self.name]);
    }
}

/// Waits for a condition, for as long as an emulated machine on a busy host may take.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
