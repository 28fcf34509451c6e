//! The common parts of all measurements: the binary under test, its folder, a clock and a median.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The binary under test, with a scratch folder.
pub(super) struct Bench {
    /// The release binary.
    pub(super) binary: PathBuf,
    /// The scratch folder, which is emptied at the start.
    pub(super) folder: PathBuf,
}

impl Bench {
    pub(super) fn new() -> Result<Self, String> {
        let root = std::env::current_dir().map_err(|error| error.to_string())?;
        let binary = root.join("target/release/lazaret");
        if !binary.is_file() {
            return Err("no release binary: run `make bench`".to_owned());
        }
        let folder = root.join("target/bench");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        Ok(Self { binary, folder })
    }

    pub(super) fn lazaret(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env("LAZARET_HOME", self.folder.join("home"))
            .stdin(Stdio::null());
        command
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// Runs a command, which must succeed; returns the seconds that it took.
pub(super) fn timed(command: &mut Command) -> Result<f64, String> {
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

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
