//! Running the binary and other tools.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A way to run `lazaret` with a home of its own and nothing inherited but `PATH`.
pub(crate) struct Lazaret {
    home: std::path::PathBuf,
    folder: std::path::PathBuf,
}

/// What a finished command left.
pub(crate) struct Output {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lazaret {
    pub(crate) fn new(home: &Path, folder: &Path) -> Self {
        Self {
            home: home.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// The command, ready to be started.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let binary = env!("CARGO_BIN_EXE_lazaret");
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
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // The command may end before it has read everything.
                let _ = stdin.write_all(input);
            });
            Output::of(child.wait_with_output().unwrap())
        })
    }

    /// A shell script beside an ephemeral registry (`$LAZARET_REGISTRY`).
    pub(crate) fn with_registry(&self, script: &str) -> Output {
        self.run(["registry", "with", "--", "sh", "-euc", script])
    }
}

/// Another program; the test fails when it does.
pub(crate) fn tool(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    let output = finish(command);
    assert_eq!(
        output.status,
        Some(0),
        "{program} {arguments:?}: {}{}",
        output.stdout,
        output.stderr
    );
    output.stdout
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Output {
    let program = command.get_program().to_owned();
    Output::of(
        command
            .output()
            .unwrap_or_else(|error| panic!("cannot run {program:?}: {error}")),
    )
}

impl Output {
    fn of(output: std::process::Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.status(0)
    }

    #[track_caller]
    pub(crate) fn status(self, status: i32) -> Self {
        assert_eq!(
            self.status,
            Some(status),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// A failure whose message has these words.
    #[track_caller]
    pub(crate) fn fails(self, status: i32, words: &[&str]) -> Self {
        let output = self.status(status);
        for word in words {
            assert!(
                output.stderr.contains(word),
                "no '{word}' in:\n{}",
                output.stderr
            );
        }
        output
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}
