//! The system's keyring, through `secret-tool` of libsecret. Secrets go over its standard streams, never
//! into its arguments or its environment.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use lazaret_values::{Printable, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use crate::{Error, SecretName, Settings};

/// The program.
const PROGRAM: &str = "secret-tool";
/// Longest time for the bus to say whether there is a keyring.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// Longest time for a request, for which a person may have to unlock the keyring.
const DONE_WITHIN: Duration = Duration::from_secs(30);
/// Most bytes that are read of its output.
const LARGEST: u64 = 128 * 1024;

/// A keyring that may answer.
#[derive(Debug, Clone)]
pub(crate) struct Keyring {
    program: PathBuf,
    bus: String,
    /// The file of secrets: each has entries of its own.
    owner: PathBuf,
}

struct Output {
    is_success: bool,
    text: Secret,
    errors: String,
}

impl Keyring {
    /// The keyring of the session, if its program and a bus are there. Whether it answers is not known yet.
    pub(crate) fn of(settings: &Settings) -> Option<Self> {
        let bus = settings.session_bus.clone()?;
        let folders = std::env::split_paths(&settings.search_path);
        let program = folders
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(PROGRAM))
            .find(|path| path.is_file())?;
        Some(Self {
            program,
            bus,
            owner: settings.file.clone(),
        })
    }

    /// Whether there is a keyring that answers soon.
    pub(crate) async fn answers(&self) -> bool {
        let none = SecretName::new("none", "none");
        let Ok(none) = none else { return false };
        // Of what is not there it says nothing; a bus without a keyring is a complaint.
        match self.run("lookup", &none, None, ANSWERS_WITHIN).await {
            Ok(output) => output.is_success || output.errors.is_empty(),
            Err(_) => false,
        }
    }

    pub(crate) async fn store(&self, name: &SecretName, secret: &Secret) -> Result<(), Error> {
        let output = self.run("store", name, Some(secret), DONE_WITHIN).await?;
        output.done()
    }

    pub(crate) async fn lookup(&self, name: &SecretName) -> Result<Option<Secret>, Error> {
        let output = self.run("lookup", name, None, DONE_WITHIN).await?;
        if output.is_success && !output.text.reveal().is_empty() {
            return Ok(Some(output.text));
        }
        match output.errors.is_empty() {
            true => Ok(None),
            false => Err(failed(output.errors)),
        }
    }

    pub(crate) async fn clear(&self, name: &SecretName) -> Result<(), Error> {
        let output = self.run("clear", name, None, DONE_WITHIN).await?;
        // What was not there is cleared, too.
        match output.errors.is_empty() {
            true => Ok(()),
            false => output.done(),
        }
    }

    async fn run(
        &self,
        verb: &str,
        name: &SecretName,
        input: Option<&Secret>,
        limit: Duration,
    ) -> Result<Output, Error> {
        let mut command = Command::new(&self.program);
        command.arg(verb);
        if verb == "store" {
            command.arg(format!("--label=Lazaret: {name}"));
        }
        command
            .args(["service", "lazaret", "name"])
            .arg(name.to_string())
            .arg("owner")
            .arg(text_of(&self.owner))
            .env_clear()
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let run = async {
            let mut child = command.spawn()?;
            let mut stdin = child.stdin.take();
            let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
            let feed = async {
                if let (Some(stdin), Some(secret)) = (&mut stdin, input) {
                    // One that reads nothing says why.
                    let _ = stdin.write_all(secret.reveal().as_bytes()).await;
                    let _ = stdin.shutdown().await;
                }
                drop(stdin);
            };
            let ((), out, errors) = tokio::join!(feed, bounded(stdout), bounded(stderr));
            let status = child.wait().await?;
            let text = Secret::new(String::from_utf8(out).unwrap_or_default());
            Ok(Output {
                is_success: status.success(),
                text,
                errors: Printable::excerpt(String::from_utf8_lossy(&errors).trim()),
            })
        };
        match tokio::time::timeout(limit, run).await {
            Ok(output) => output.map_err(|error: std::io::Error| failed(error.to_string())),
            Err(_) => Err(failed(format!("it did not answer in {limit:?}"))),
        }
    }
}

impl Output {
    fn done(self) -> Result<(), Error> {
        match (self.is_success, self.errors.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => Err(failed("it refused".to_owned())),
            (false, false) => Err(failed(self.errors)),
        }
    }
}

fn failed(reason: String) -> Error {
    Error::Keyring { reason }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Reads at most [`LARGEST`] bytes. A secret that is longer was never stored by this program.
async fn bounded(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // Output that ends in a read error is treated like short output.
        let _ = stream.take(LARGEST).read_to_end(&mut bytes).await;
    }
    bytes
}
