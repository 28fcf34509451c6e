//! Types a page in a fresh home, in namespaces of its own.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

use rustix::process::geteuid;
use tempfile::TempDir;

use super::block::Block;
use super::compare::difference;
use super::root;
use super::split::{Command, commands};
use crate::support::finish;

/// Longest time for a page, in seconds.
const PATIENCE: &str = "600";

/// What a checkout has that pages use.
const CHECKOUT: &[&str] = &[
    "clients",
    "docs",
    "examples",
    "packaging",
    "scripts",
    "target/kernel",
    "target/python",
];

/// A document and its commands.
pub(crate) struct Page {
    path: PathBuf,
    commands: Vec<Command>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let blocks = Block::all(&text).into_iter().filter(Block::is_typed);
        Self {
            path: path.to_owned(),
            commands: blocks.flat_map(|block| commands(&block)).collect(),
        }
    }

    /// Types all commands, one after the other, into one shell.
    ///
    /// # Panics
    /// When one fails, or its output is not what the page shows.
    #[track_caller]
    pub(crate) fn type_all(&self) {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let place = |name: &str| folder.path().join(name);
        for name in ["home", "typed", "lazaret/target"] {
            std::fs::create_dir_all(place(name)).unwrap();
        }
        for name in CHECKOUT {
            symlink(root().join(name), place("lazaret").join(name)).unwrap();
        }
        std::fs::write(place("script"), self.script(&place("typed"))).unwrap();

        // All processes end with the first one of the namespace, which ends with `unshare`.
        let mut shell = Program::new("timeout");
        shell.args(["--signal=KILL", PATIENCE, "unshare", "--net", "--pid"]);
        shell.args(["--fork", "--kill-child", "--mount-proc"]);
        if !geteuid().is_root() {
            shell.args(["--map-current-user", "--keep-caps"]);
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_lazaret")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        shell
            .arg("sh")
            .arg(place("script"))
            .current_dir(place("lazaret"))
            .env_clear()
            .env("PATH", format!("{}:{path}", binary.display()))
            .env("HOME", place("home"))
            .env("LAZARET_ACCELERATOR", "tcg")
            .stdin(std::process::Stdio::null());
        let shell = finish(shell);
        let faults = self.faults(&place("typed"));
        assert!(faults.is_empty(), "{faults}\n{}", shell.stderr);
    }

    /// A script that types each command, keeps its output and exit status in `folder`, and ends
    /// after a command that fails, or succeeds, against what the page says.
    fn script(&self, folder: &Path) -> String {
        let folder = folder.display();
        let mut script = "busybox ip link set lo up || exit\n".to_owned();
        for (number, command) in self.commands.iter().enumerate() {
            std::fs::write(format!("{folder}/{number}"), &command.text).unwrap();
            let test = if command.must_fail() { "-ne" } else { "-eq" };
            write!(
                script,
                "eval \"$(cat '{folder}/{number}')\" >'{folder}/{number}.output' 2>&1\n\
                 status=$?; echo $status >'{folder}/{number}.status'; [ $status {test} 0 ] || exit\n"
            )
            .unwrap();
            if command.is_in_background() {
                // A reader sees that a server is there before going on.
                let seen = format!("[ -s '{folder}/{number}.output' ]");
                writeln!(
                    script,
                    "for _ in $(seq 300); do {seen} && break; sleep 0.1; done"
                )
                .unwrap();
            }
        }
        script
    }

    /// What each command did that the page does not say.
    fn faults(&self, folder: &Path) -> String {
        let mut faults = String::new();
        for (number, command) in self.commands.iter().enumerate() {
            let file = |kind: &str| {
                let bytes = std::fs::read(folder.join(format!("{number}.{kind}"))).ok()?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            };
            let output = file("output").unwrap_or_default();
            let status = file("status").unwrap_or_else(|| "none".to_owned());
            let is_as_said = match status.trim() {
                "none" => false,
                status => (status == "0") != command.must_fail(),
            };
            let shown = command.shown.as_ref();
            let fault = match is_as_said {
                true => shown.and_then(|shown| difference(shown, &output)),
                false => Some(format!("exit status {}", status.trim())),
            };
            if let Some(fault) = fault {
                let (path, line, text) = (self.path.display(), command.line, &command.text);
                writeln!(faults, "{path}:{line}: {fault}\n$ {text}\n{output}").unwrap();
            }
            if !is_as_said {
                break;
            }
        }
        faults
    }
}
