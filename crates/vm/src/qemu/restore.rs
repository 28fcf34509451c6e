//! Starts machines from a template.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{sleep, timeout};

use super::Qemu;
use super::arguments::Beginning;
use super::machine::{Machine, Streams, pair};
use super::qmp::Command;
use super::save::{POLL, capabilities};
use crate::{Error, LaunchPlan, Template};

impl Machine {
    /// Starts a machine from a template, which takes at most `limit`; `streams` as [`Machine::start`]. Its guest has said hello
    /// already and waits for the host: [`Machine::handshake`] returns at once.
    ///
    /// # Errors
    /// [`Error::Template`] for a template of other machines than this plan's; as
    /// [`Machine::start`]; [`Error::Monitor`], and [`Error::MachineEnded`] for a state that this
    /// QEMU does not take. No process is left then.
    pub async fn restore(
        qemu: &Qemu,
        plan: &LaunchPlan,
        template: &Template,
        streams: Streams,
        limit: Duration,
    ) -> Result<Self, Error> {
        template.check(&qemu.template_key(plan)?)?;
        let memory = template.memory().try_clone_to_owned();
        let memory = memory.map_err(|source| Error::Spawn {
            path: qemu.path().to_owned(),
            source,
        })?;
        let beginning = Beginning::Restore {
            memory: memory.as_raw_fd(),
        };
        let mut machine = Self::launch(qemu, plan, beginning, Some(memory), streams).await?;
        let failed = match timeout(limit, machine.load(template.state())).await {
            Ok(Ok(())) => {
                machine.heard = Some(template.hello().clone());
                return Ok(machine);
            }
            Ok(Err(error)) => error,
            Err(_) => late(limit),
        };
        // A QEMU that does not take the state ends, and its last words say more than the monitor.
        let ending = machine.has_ended().await;
        machine.kill();
        machine.wait().await;
        Err(ending.unwrap_or(failed))
    }

    /// Loads the state of the devices and lets the guest run.
    async fn load(&self, state: &[u8]) -> Result<(), Error> {
        let broken = |error: std::io::Error| Error::Monitor {
            command: "migrate-incoming",
            reason: error.to_string(),
        };
        let (mut stream, peer) = pair().map_err(broken)?;
        let order = self.monitor.execute_all([
            Command::with("migrate-set-capabilities", capabilities()),
            Command::give(peer.as_fd(), "state"),
            Command::with("migrate-incoming", json!({ "uri": "fd:state" })),
        ]);
        let send = async {
            let sent = stream.write_all(state).await;
            let sent = sent.and(stream.shutdown().await);
            // QEMU may stop reading when it has what it needs, or because it refuses the state,
            // which the monitor tells.
            if let Err(error) = sent {
                tracing::debug!(%error, "QEMU takes no more of the state");
            }
        };
        let (ordered, ()) = tokio::join!(order, send);
        ordered?;
        loop {
            let answer = self.monitor.execute(Command::plain("query-status")).await?;
            match answer["status"].as_str() {
                Some("inmigrate") => sleep(POLL).await,
                Some("running") => return Ok(()),
                _ => {
                    self.resume().await?;
                    return Ok(());
                }
            }
        }
    }
}

fn late(limit: Duration) -> Error {
    Error::Monitor {
        command: "migrate-incoming",
        reason: format!(
            "the template was not restored within {} s",
            limit.as_secs_f32()
        ),
    }
}
