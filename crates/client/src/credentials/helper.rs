//! Runs credential helpers: `docker-credential-<name> get`, with the server on standard input and
//! JSON on standard output.

use std::path::PathBuf;
use std::time::Duration;

use lazaret_values::{Printable, Secret};
use serde::Deserialize;
use tokio::process::Command;

use super::run::{Finished, Limits, run};
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

/// The failure of a helper.
#[derive(Debug, Clone)]
pub(super) struct HelperFault {
    helper: String,
    server: String,
    reason: String,
}

impl From<HelperFault> for Error {
    fn from(fault: HelperFault) -> Self {
        Self::CredentialHelper {
            helper: fault.helper,
            server: fault.server,
            reason: fault.reason,
        }
    }
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
    pub(super) async fn get(
        &self,
        name: &str,
        server: &str,
    ) -> Result<Option<Credential>, HelperFault> {
        let program = format!("docker-credential-{name}");
        let fail = |reason: String| HelperFault {
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
        let mut command = Command::new(path);
        command.arg("get");
        let limits = Limits {
            bytes: LARGEST,
            timeout: self.timeout,
            has_group: false,
        };
        let done = run(command, server.as_bytes(), limits).await;
        let Finished { status, out, err } = done.map_err(fail)?;
        if !status.success() {
            // By the protocol, errors are texts on standard output; this one only means "not
            // found".
            let said = Finished::words(&out);
            if said.to_ascii_lowercase().contains("credentials not found") {
                return Ok(None);
            }
            return Err(fail(format!(
                "it failed ({status}): {}",
                Finished::words(&err)
            )));
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
