//! Starts machines by the hypervisor that each was made for.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use lazaret_protocol::{Hello, Request};
use lazaret_vm::vmm::{Instance, Vmm};
use lazaret_vm::{Feature, Jail, LaunchPlan, Machine};
use tokio::time::timeout;

use super::begin::Begun;
use super::emulator::{Emulator, Hypervisor};
use super::guest::Guest;
use super::templates::{Running, Starter};
use crate::Error;

/// A hypervisor.
#[derive(Debug)]
pub(super) enum Driver {
    /// QEMU, with the templates that its machines may begin from.
    Qemu(Starter),
    /// Another one, whose machines boot.
    Vmm(Vmm),
}

/// A machine that runs.
#[derive(Debug)]
pub(super) enum Driven {
    /// In QEMU.
    Qemu(Box<Running>),
    /// In another hypervisor.
    Vmm(Box<Instance>),
}

impl Driven {
    /// The machine in QEMU, and what its guest said; `None` in others, and before the guest has.
    pub(super) fn parts(&self) -> Option<(&Machine, &Hello)> {
        match self {
            Self::Qemu(running) => running.parts(),
            Self::Vmm(_) => None,
        }
    }
}

impl Hypervisor for Driver {
    type Emulator = Driven;

    async fn start(&self, plan: &LaunchPlan, frames: Option<OwnedFd>) -> Result<Driven, Error> {
        match self {
            Self::Qemu(starter) => {
                let running = starter.start(plan, frames).await?;
                Ok(Driven::Qemu(Box::new(running)))
            }
            Self::Vmm(vmm) => {
                if frames.is_some() {
                    vmm.substrate().require(Feature::Network)?;
                }
                Ok(Driven::Vmm(Box::new(Instance::start(vmm, plan).await?)))
            }
        }
    }

    async fn resume(
        &self,
        plan: &LaunchPlan,
        memory: &Path,
        frames: Option<OwnedFd>,
    ) -> Result<Driven, Error> {
        match self {
            Self::Qemu(starter) => {
                let running = starter.resume(plan, memory, frames).await?;
                Ok(Driven::Qemu(Box::new(running)))
            }
            Self::Vmm(vmm) => {
                vmm.substrate().require(Feature::Checkpoints)?;
                self.start(plan, frames).await
            }
        }
    }

    fn prepare_next(&self, plan: &LaunchPlan, begun: &Begun) {
        if let Self::Qemu(starter) = self {
            starter.prepare_next(plan, begun);
        }
    }
}

impl Emulator for Driven {
    type Guest = Guest;

    fn pid(&self) -> u32 {
        match self {
            Self::Qemu(running) => running.pid(),
            Self::Vmm(instance) => instance.pid(),
        }
    }

    fn jail(&self) -> Jail {
        match self {
            Self::Qemu(running) => running.jail(),
            Self::Vmm(instance) => instance.jail().clone(),
        }
    }

    fn begun(&self) -> Begun {
        match self {
            Self::Qemu(running) => running.begun(),
            Self::Vmm(_) => Begun::Cold,
        }
    }

    async fn boot(&mut self, request: &Request, limit: Duration) -> Result<Guest, Error> {
        match self {
            Self::Qemu(running) => running.boot(request, limit).await,
            Self::Vmm(instance) => {
                let (_, channel) = instance.handshake(limit).await?;
                tracing::info!("guest is up");
                let workload = channel.open(request)?;
                Ok(Guest::new(workload, channel))
            }
        }
    }

    async fn pause(&self) -> Result<(), Error> {
        match self {
            Self::Qemu(running) => running.pause().await,
            Self::Vmm(instance) => Ok(instance.substrate().require(Feature::Pausing)?),
        }
    }

    async fn resume(&self) -> Result<(), Error> {
        match self {
            Self::Qemu(running) => Emulator::resume(&**running).await,
            Self::Vmm(instance) => Ok(instance.substrate().require(Feature::Pausing)?),
        }
    }

    async fn settle(&mut self, limit: Duration) {
        match self {
            Self::Qemu(running) => running.settle(limit).await,
            Self::Vmm(instance) => {
                if timeout(limit, instance.wait()).await.is_err() {
                    tracing::warn!("the guest did not write its disks in time");
                }
            }
        }
    }

    fn kill(&self) {
        match self {
            Self::Qemu(running) => running.kill(),
            Self::Vmm(instance) => instance.kill(),
        }
    }

    async fn wait(&mut self) {
        match self {
            Self::Qemu(running) => running.wait().await,
            Self::Vmm(instance) => {
                instance.wait().await;
            }
        }
    }
}
