//! Saves a machine that has booted as a template.
//!
//! ```text
//! boot, disks empty -> hello -> device state over a socket, memory stays where it is -> killed
//! ```
//!
//! The host does not answer the hello: the guest of the template waits for the answer, and gets it
//! in each machine that is started from it.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::time::Duration;

use lazaret_files::blocking;
use lazaret_protocol::{Decoder, Hello};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::time::{sleep, timeout};

use super::Qemu;
use super::arguments::Beginning;
use super::machine::{Machine, Streams, pair};
use super::qmp::{Command, Monitor};
use crate::template::MAX_STATE_BYTES;
use crate::{Error, LaunchPlan, Template, channel};

/// Time limit for QEMU to write the state, once the guest has booted.
const TRANSFER_LIMIT: Duration = Duration::from_secs(60);

/// The capability with which QEMU leaves memory that is shared with a file where it is.
const MEMORY_STAYS: &str = "x-ignore-shared";
/// Interval at which QEMU is asked how far it is.
pub(super) const POLL: Duration = Duration::from_millis(1);

impl Machine {
    /// Boots a machine of this plan with empty disks and saves it as a template in `folder`, which
    /// must be empty; the record is written last, nothing is synced. The guest has `limit` to boot.
    ///
    /// # Errors
    /// As [`Machine::start`] and [`Machine::handshake`]; [`Error::Monitor`], [`Error::Io`].
    pub async fn save_template(
        qemu: &Qemu,
        plan: &LaunchPlan,
        folder: &Path,
        limit: Duration,
    ) -> Result<Template, Error> {
        let key = qemu.template_key(plan)?;
        let memory = Template::new_memory(plan.memory_mib)?;
        let inherited = memory.try_clone().map_err(Error::io("share", folder))?;
        let beginning = Beginning::Template {
            memory: inherited.as_raw_fd(),
        };
        let shared = Some(inherited.into());
        let streams = Streams::default();
        let mut machine = Self::launch(qemu, plan, beginning, shared, streams).await?;
        let hello = machine.overhear(limit).await?;
        let state = match timeout(TRANSFER_LIMIT, devices(&machine.monitor)).await {
            Ok(state) => state?,
            Err(_) => return Err(late()),
        };
        // Only memory that nobody has mapped can be sealed.
        machine.kill();
        machine.wait().await;
        let folder = folder.to_owned();
        blocking(move || Template::write(&folder, key, hello, state, memory)).await
    }

    /// Waits for the guest's hello and does not answer it.
    async fn overhear(&mut self, limit: Duration) -> Result<Hello, Error> {
        let Some(mut control) = self.control.take() else {
            return Err(self.ended().await);
        };
        let mut decoder = Decoder::default();
        let heard = timeout(limit, channel::hear(&mut control, &mut decoder)).await;
        // Hanging up would tell the guest that the host is gone.
        self.control = Some(control);
        match heard {
            Ok(Ok(Some(hello))) => Ok(hello),
            Ok(Ok(None)) => Err(self.ended().await),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.silent(limit)),
        }
    }
}

/// Stops the machine and returns the state of its devices.
async fn devices(monitor: &Monitor) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::Monitor {
        command: "migrate",
        reason: error.to_string(),
    };
    let (stream, peer) = pair().map_err(failed)?;
    monitor
        .execute_all([
            Command::plain("stop"),
            Command::with("migrate-set-capabilities", capabilities()),
            // Nothing else uses this socket. The default is 128 MiB/s, measured over 100 ms.
            Command::with(
                "migrate-set-parameters",
                json!({ "max-bandwidth": 1_u64 << 40 }),
            ),
            Command::give(peer.as_fd(), "state"),
            Command::with("migrate", json!({ "uri": "fd:state" })),
        ])
        .await?;
    // While our copy is open, the stream does not end.
    drop(peer);
    let mut state = Vec::new();
    let mut stream = stream.take(MAX_STATE_BYTES + 1);
    let (read, completed) = tokio::join!(stream.read_to_end(&mut state), completion(monitor));
    completed?;
    read.map_err(failed)?;
    if state.len() as u64 > MAX_STATE_BYTES {
        let reason = format!("the state has more than {MAX_STATE_BYTES} bytes");
        return Err(Error::Monitor {
            command: "migrate",
            reason,
        });
    }
    Ok(state)
}

/// The argument that switches the capability on.
pub(super) fn capabilities() -> serde_json::Value {
    json!({ "capabilities": [{ "capability": MEMORY_STAYS, "state": true }] })
}

/// Waits until QEMU has sent everything.
async fn completion(monitor: &Monitor) -> Result<(), Error> {
    loop {
        let answer = monitor.execute(Command::plain("query-migrate")).await?;
        match answer["status"].as_str() {
            Some("completed") => return Ok(()),
            Some(status @ ("failed" | "cancelled")) => {
                let reason = answer["error-desc"].as_str().unwrap_or(status).to_owned();
                return Err(Error::Monitor {
                    command: "migrate",
                    reason,
                });
            }
            _ => sleep(POLL).await,
        }
    }
}

fn late() -> Error {
    let seconds = TRANSFER_LIMIT.as_secs();
    Error::Monitor {
        command: "migrate",
        reason: format!("it took more than {seconds} s"),
    }
}
