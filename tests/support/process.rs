//! Runs the binary.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use lazaret_testing::program::{Output, finish, finish_with};

/// Runs `lazaret` with a home of its own; of the environment it inherits only `PATH`.
pub(crate) struct Lazaret {
    home: std::path::PathBuf,
    folder: std::path::PathBuf,
}

impl Lazaret {
    pub(crate) fn new(home: &Path, folder: &Path) -> Self {
        Self {
            home: home.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// Its home.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The command, which is not started yet. `LAZARET_TEST_PROGRAM` takes the place of the binary
    /// that was built for the tests.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let binary = env!("CARGO_BIN_EXE_lazaret");
        let asked = std::env::var("LAZARET_TEST_PROGRAM");
        let binary = asked.as_deref().unwrap_or(binary);
        let path = format!(
            "{}:{}",
            Path::new(binary).parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", path)
            .env("HOME", &self.folder)
            .env("LAZARET_HOME", &self.home)
            // Tests download nothing but on purpose.
            .env("LAZARET_KERNEL_SOURCE", "none")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        finish(self.command(arguments))
    }

    pub(crate) fn run_with_input<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Output {
        finish_with(self.command(arguments), input)
    }

    /// Runs a shell script beside an ephemeral registry (`$LAZARET_REGISTRY`).
    pub(crate) fn with_registry(&self, script: &str) -> Output {
        self.run(["registry", "with", "--", "sh", "-euc", script])
    }
}
