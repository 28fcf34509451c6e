//! Programs of the operator that give credentials.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lazaret_values::Printable;
use tokio::process::Command;

use super::run::{Finished, Limits, run};
use crate::Error;

/// Most bytes that are read of a program's answer.
const LARGEST: u64 = 1024 * 1024;
/// Longest run of a program.
const LONGEST: Duration = Duration::from_secs(60);
/// Variables whose values are no secrets.
const PUBLIC: [&str; 2] = ["PATH", "HOME"];
/// Shortest value of a variable that is looked for in messages, in bytes.
const SHORTEST_SECRET: usize = 4;

/// A program that gives credentials. It runs without a shell, in a process group of its own, for a
/// minute at most.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute path of the program.
    pub command: PathBuf,
    /// Its arguments. Other users of the machine may see them: they must not be secrets.
    pub args: Vec<String>,
    /// Its whole environment; nothing is inherited. Most programs want `PATH` and `HOME`.
    pub env: Vec<(String, String)>,
}

impl Program {
    /// Checks that it can be a program.
    ///
    /// # Errors
    /// [`Error::Options`] for a relative path, and for variables and arguments that no program can
    /// have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let name = self.name();
        let bad = |reason: &str| Error::Options {
            reason: format!("credential program {name}: {reason}"),
        };
        let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
        if !self.command.is_absolute() {
            return Err(bad("its path is not absolute"));
        }
        if self.args.iter().any(|text| text.contains('\0')) {
            return Err(bad("an argument has a null byte"));
        }
        for (key, value) in &self.env {
            if !is_name(key) || value.contains('\0') {
                return Err(bad("its environment has a bad variable"));
            }
        }
        Ok(())
    }

    /// Its path, for messages.
    pub(crate) fn name(&self) -> String {
        Printable::excerpt(&self.command.display().to_string())
    }

    /// Runs it with `input` on its standard input, and returns its standard output. A failure is
    /// told as the end of a sentence about the program.
    pub(crate) async fn run(&self, input: &[u8]) -> Result<Vec<u8>, String> {
        let mut command = Command::new(&self.command);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        let limits = Limits {
            bytes: LARGEST,
            timeout: LONGEST,
            has_group: true,
        };
        let done = run(command, input, limits).await?;
        if !done.status.success() {
            let said = self.redacted(&done.err);
            return Err(format!("it failed ({}): {said}", done.status));
        }
        Ok(done.out)
    }

    /// The start of an output, without the values of variables that may be secrets.
    fn redacted(&self, bytes: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        for (name, value) in &self.env {
            if value.len() >= SHORTEST_SECRET && !PUBLIC.contains(&name.as_str()) {
                text = text.replace(value, "[redacted]");
            }
        }
        Finished::words(text.as_bytes())
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Program")
            .field("command", &self.command)
            .field("args", &self.args)
            .field("env", &names)
            .finish()
    }
}
