//! Runs a reader in a process of its own and measures what it takes.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::support::{Lazaret, Output, World, finish};

/// Largest input of a test, in bytes.
pub(super) const LARGEST: usize = 4 << 20;
/// Most memory of a reader above that of a command that reads nothing, in KiB.
const MEMORY_KIB: u64 = 128 << 10;
/// Most time of a processor in seconds. Optimised builds take a tenth; the rest is for slow
/// machines and builds that are not optimised.
const SECONDS: f64 = 20.0;
/// The time after which a reader is ended, in seconds of a clock.
const PATIENCE: &str = "90";

/// What a process took.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) output: Output,
    /// Time of all processors, in seconds.
    seconds: f64,
    /// Peak of resident memory, in KiB.
    kib: u64,
}

impl Cost {
    /// Runs a command to its end, or until it has taken far too long.
    pub(super) fn of(command: &Command, world: &World) -> Self {
        let report = world.path("cost");
        let mut measured = Command::new("/usr/bin/time");
        measured
            .args(["-q", "-f", "%M %U %S", "-o"])
            .arg(&report)
            .args(["timeout", "-s", "KILL", PATIENCE])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(command.get_current_dir().unwrap_or(Path::new(".")))
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let output = finish(measured);
        let text = std::fs::read_to_string(report).unwrap();
        let numbers = text.lines().last().unwrap_or_default();
        let numbers: Vec<&str> = numbers.split(' ').collect();
        let seconds = |index: usize| numbers[index].parse::<f64>().unwrap();
        Self {
            output,
            seconds: seconds(1) + seconds(2),
            kib: numbers[0].parse().unwrap(),
        }
    }

    /// Peak of resident memory, in KiB.
    pub(super) fn kib(&self) -> u64 {
        self.kib
    }

    /// Asserts that it ended by itself, without a panic, within the bounds above.
    #[track_caller]
    pub(super) fn assert_bounded(self, name: &str, idle: u64) {
        let Self {
            output,
            seconds,
            kib,
        } = self;
        let kib = kib.saturating_sub(idle);
        let said = output.stderr.lines().find(|line| line.starts_with("error"));
        let said: String = said.unwrap_or_default().chars().take(150).collect();
        eprintln!(
            "{name:44} {seconds:6.2} s {:6.1} MiB  {said}",
            kib as f64 / 1024.0
        );
        let status = output.status.expect("it ends by itself");
        assert!(status < 126, "{name}: status {status}: {}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
        assert!(kib < MEMORY_KIB, "{name}: {kib} KiB resident");
        assert!(seconds < SECONDS, "{name}: {seconds} s");
    }
}

/// Runs the binary, and asserts that it keeps to the bounds.
#[track_caller]
pub(super) fn check(name: &str, lazaret: &Lazaret, world: &World, arguments: &[&str]) {
    Cost::of(&lazaret.command(arguments), world).assert_bounded(name, idle());
}

/// Peak memory of the binary when it reads nothing, in KiB.
pub(super) fn idle() -> u64 {
    static IDLE: OnceLock<u64> = OnceLock::new();
    *IDLE.get_or_init(|| {
        let world = World::new();
        Cost::of(&world.lazaret().command(["image", "ls"]), &world).kib
    })
}
