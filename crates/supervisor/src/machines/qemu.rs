//! QEMU as a [`Hypervisor`].

use std::sync::Arc;
use std::time::Duration;

use lazaret_protocol::{BootConfig, Request};
use lazaret_vm::{Channel, LaunchPlan, Machine, Qemu, Session};

use super::emulator::{Emulator, Hypervisor};
use crate::Error;

/// A guest that has answered.
#[derive(Debug)]
pub(super) struct Guest {
    /// The session with the workload.
    pub(super) workload: Session,
    /// Opens further sessions. The machine ends when it is dropped.
    pub(super) channel: Arc<Channel>,
}

impl Hypervisor for Qemu {
    type Emulator = Machine;

    async fn start(&self, plan: &LaunchPlan) -> Result<Machine, Error> {
        Ok(Machine::start(self, plan).await?)
    }
}

impl Emulator for Machine {
    type Guest = Guest;

    fn pid(&self) -> u32 {
        Machine::pid(self)
    }

    async fn boot(&mut self, boot: &BootConfig, limit: Duration) -> Result<Guest, Error> {
        let (_, channel) = self.handshake(limit).await?;
        tracing::info!("guest is up");
        let workload = channel.open(&Request::Boot(Box::new(boot.clone())))?;
        Ok(Guest {
            workload,
            channel: Arc::new(channel),
        })
    }

    async fn settle(&mut self, limit: Duration) {
        if tokio::time::timeout(limit, Machine::wait(self))
            .await
            .is_err()
        {
            tracing::warn!("the guest did not write its disks in time");
        }
    }

    fn kill(&self) {
        Machine::kill(self);
    }

    async fn wait(&mut self) {
        Machine::wait(self).await;
    }
}
