//! QEMU as a [`Hypervisor`].

use std::time::Duration;

use lazaret_protocol::{BootConfig, Request};
use lazaret_vm::{LaunchPlan, Machine, Qemu};

use super::emulator::{Emulator, Hypervisor};
use super::session::Session;
use crate::Error;

impl Hypervisor for Qemu {
    type Emulator = Machine;

    async fn start(&self, plan: &LaunchPlan) -> Result<Machine, Error> {
        Ok(Machine::start(self, plan).await?)
    }
}

impl Emulator for Machine {
    type Session = Session;

    fn pid(&self) -> u32 {
        Machine::pid(self)
    }

    async fn boot(&mut self, boot: &BootConfig, limit: Duration) -> Result<Session, Error> {
        let (_, channel) = self.handshake(limit).await?;
        tracing::info!("guest is up");
        Session::open(channel, &Request::Boot(Box::new(boot.clone())))
    }

    fn kill(&self) {
        Machine::kill(self);
    }

    async fn wait(&mut self) {
        Machine::wait(self).await;
    }
}
