//! `cargo xtask bench`: speed, side by side with other tools, in one run on the same input.
//!
//! Drives the release binary from outside, as a user would; expects what `make bench` has
//! installed and built.

mod collection;
mod load;
mod machine;
mod registry;
mod rootfs;
mod scale;
mod server;
mod transfer;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs everything, or the one subject that is asked for, and prints one table a subject.
pub(crate) fn run() -> Result<String, Vec<String>> {
    let bench = Bench::new().map_err(|error| vec![error])?;
    let subjects: [Subject; 6] = [
        ("registry", registry::run),
        ("collection", collection::run),
        ("scale", scale::run),
        ("rootfs", rootfs::run),
        ("machine", machine::run),
        ("transfer", transfer::run),
    ];
    let wanted = std::env::args().nth(2);
    for (name, measure) in subjects {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            measure(&bench).map_err(|error| vec![error])?;
        }
    }
    Ok("done".to_owned())
}

type Subject = (&'static str, fn(&Bench) -> Result<(), String>);

/// The binary and a folder of its own.
struct Bench {
    binary: PathBuf,
    folder: PathBuf,
    root: PathBuf,
}

impl Bench {
    fn new() -> Result<Self, String> {
        let root = std::env::current_dir().map_err(|error| error.to_string())?;
        let binary = root.join("target/release/lazaret");
        if !binary.is_file() {
            return Err("no release binary: run `make bench`".to_owned());
        }
        let folder = root.join("target/bench");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        Ok(Self {
            binary,
            folder,
            root,
        })
    }

    fn lazaret(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env("LAZARET_HOME", self.folder.join("home"))
            .stdin(Stdio::null());
        command
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn kernel(&self) -> Result<PathBuf, String> {
        let folder = self.root.join("target/kernel");
        find(&folder, "deb").ok_or_else(|| "no kernel: run scripts/kernel.sh".to_owned())
    }
}

fn find(folder: &Path, extension: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|have| have == extension))
}

/// Runs to a successful end and returns the seconds that took.
fn timed(command: &mut Command) -> Result<f64, String> {
    let start = Instant::now();
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(start.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
