//! Runs credential helpers: `docker-credential-<name> get`, with the server on standard input and
//! JSON on standard output.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use lazaret_values::{Printable, Secret};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use crate::{Credential, Error};

/// Most bytes that are read of a helper's output.
const LARGEST: u64 = 64 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// The settings with which helpers run.
#[derive(Debug, Clone)]
pub(super) struct Helpers {
    /// Folders that are searched before the `PATH`.
    pub(super) folders: Vec<PathBuf>,
    pub(super) timeout: Duration,
}

impl Helpers {
    /// Asks the helper `name` for the credential of `server`; `None` if it has none.
    pub(super) async fn get(&self, name: &str, server: &str) -> Result<Option<Credential>, Error> {
        let program = format!("docker-credential-{name}");
        let fail = |reason: String| Error::CredentialHelper {
            helper: Printable::excerpt(&program),
            server: server.to_owned(),
            reason,
        };
        // The name comes from a file and becomes part of the name of a program.
        let valid = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !valid {
            return Err(fail("its name has forbidden characters".to_owned()));
        }
        let path = self
            .folders
            .iter()
            .map(|folder| folder.join(&program))
            .find(|path| path.is_file())
            .unwrap_or_else(|| PathBuf::from(&program));
        let run = async {
            let mut child = Command::new(path)
                .arg("get")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .map_err(|error| fail(format!("it cannot be started: {error}")))?;
            let mut stdin = child.stdin.take();
            let stdout = child.stdout.take();
            let stderr = child.stderr.take();
            let feed = async {
                if let Some(stdin) = &mut stdin {
                    // A helper that does not read its input may still answer.
                    let _ = stdin.write_all(server.as_bytes()).await;
                    let _ = stdin.shutdown().await;
                }
                drop(stdin);
            };
            let ((), out, err) = tokio::join!(feed, bounded(stdout), bounded(stderr));
            if out.len() as u64 > LARGEST {
                return Err(fail(format!("it wrote more than {LARGEST} bytes")));
            }
            let status = child
                .wait()
                .await
                .map_err(|error| fail(error.to_string()))?;
            Ok((status, out, err))
        };
        let (status, out, err) = tokio::time::timeout(self.timeout, run)
            .await
            .map_err(|_| fail(format!("no answer after {:?}", self.timeout)))??;
        let words = |bytes: &[u8]| -> String {
            Printable::new(String::from_utf8_lossy(bytes).trim())
                .within(200)
                .to_string()
        };
        if !status.success() {
            // By the protocol, errors are texts on standard output; this one only means "not
            // found".
            let said = words(&out);
            if said.to_ascii_lowercase().contains("credentials not found") {
                return Ok(None);
            }
            return Err(fail(format!("it failed ({status}): {}", words(&err))));
        }
        let output: Output = serde_json::from_slice(&out)
            .map_err(|_| fail("its answer is not the expected JSON".to_owned()))?;
        if output.secret.is_empty() {
            return Ok(None);
        }
        let secret = Secret::new(output.secret);
        Ok(Some(if output.username == "<token>" {
            Credential::IdentityToken(secret)
        } else {
            Credential::Basic {
                username: output.username,
                password: secret,
            }
        }))
    }
}

/// Reads at most one byte more than is allowed, to detect longer output.
async fn bounded(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        let mut stream = stream.take(LARGEST + 1);
        // Output that ends in a read error is treated like short output.
        let _ = stream.read_to_end(&mut bytes).await;
    }
    bytes
}
