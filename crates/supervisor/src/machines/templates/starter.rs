//! Starts emulators, from a template where there is one.

use std::time::Duration;

use lazaret_protocol::{BootConfig, Request};
use lazaret_values::Chain;
use lazaret_vm::{LaunchPlan, Machine, Qemu};

use super::store::Templates;
use crate::Error;
use crate::machines::begin::{Begun, Boot};
use crate::machines::emulator::{Emulator, Hypervisor};
use crate::machines::guest::Guest;

/// Longest time to restore a machine.
const RESTORED_WITHIN: Duration = Duration::from_secs(30);

/// QEMU, with the templates that its machines may begin from.
#[derive(Debug)]
pub(in crate::machines) struct Starter {
    pub(in crate::machines) qemu: Qemu,
    pub(in crate::machines) templates: Templates,
    pub(in crate::machines) boot: Boot,
}

/// A machine that runs, and how it has begun.
#[derive(Debug)]
pub(in crate::machines) struct Running {
    machine: Machine,
    begun: Begun,
}

impl Starter {
    /// Starts a machine from its template, if there is one. A template that fails is removed, so that
    /// it is made anew.
    async fn restore(&self, plan: &LaunchPlan) -> Result<Option<Machine>, Error> {
        let make = self.boot == Boot::Template;
        let restored = async {
            let Some(template) = self.templates.find(&self.qemu, plan, make).await? else {
                return Ok(None);
            };
            let restored = Machine::restore(&self.qemu, plan, &template, RESTORED_WITHIN).await;
            Ok(Some(restored?))
        };
        let restored = restored.await;
        if restored.is_err() {
            self.templates.discard(&self.qemu, plan).await;
        }
        restored
    }
}

impl Hypervisor for Starter {
    type Emulator = Running;

    async fn start(&self, plan: &LaunchPlan) -> Result<Running, Error> {
        let begun = match self.boot {
            Boot::Cold => Begun::Cold,
            Boot::Auto | Boot::Template => match self.restore(plan).await {
                Ok(Some(machine)) => {
                    let begun = Begun::Template;
                    return Ok(Running { machine, begun });
                }
                Ok(None) if self.boot == Boot::Auto => Begun::Cold,
                Ok(None) => Begun::Fallback("it could not be made in time".to_owned()),
                Err(error) => Begun::Fallback(Chain(&error).to_string()),
            },
        };
        let machine = Machine::start(&self.qemu, plan).await?;
        Ok(Running { machine, begun })
    }

    fn prepare_next(&self, plan: &LaunchPlan, begun: &Begun) {
        if self.boot != Boot::Auto || *begun == Begun::Template {
            return;
        }
        if let Err(error) = self.templates.start_keeper(&self.qemu, plan) {
            tracing::warn!(error = %Chain(&error), "no template is made");
        }
    }
}

impl Emulator for Running {
    type Guest = Guest;

    fn pid(&self) -> u32 {
        self.machine.pid()
    }

    fn begun(&self) -> Begun {
        self.begun.clone()
    }

    async fn boot(&mut self, boot: &BootConfig, limit: Duration) -> Result<Guest, Error> {
        let (_, channel) = self.machine.handshake(limit).await?;
        tracing::info!("guest is up");
        let workload = channel.open(&Request::Boot(Box::new(boot.clone())))?;
        Ok(Guest::new(workload, channel))
    }

    async fn pause(&self) -> Result<(), Error> {
        Ok(self.machine.pause().await?)
    }

    async fn resume(&self) -> Result<(), Error> {
        Ok(self.machine.resume().await?)
    }

    async fn settle(&mut self, limit: Duration) {
        if tokio::time::timeout(limit, self.machine.wait())
            .await
            .is_err()
        {
            tracing::warn!("the guest did not write its disks in time");
        }
    }

    fn kill(&self) {
        self.machine.kill();
    }

    async fn wait(&mut self) {
        self.machine.wait().await;
    }
}
