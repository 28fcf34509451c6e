//! Starts emulators, from a template where there is one.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use lazaret_protocol::mux::Event;
use lazaret_protocol::{Hello, Request};
use lazaret_values::Chain;
use lazaret_vm::{Channel, Jail, LaunchPlan, Machine, Qemu, Streams, Template};
use tokio::time::timeout;

use super::store::Templates;
use crate::Error;
use crate::clock::nanoseconds;
use crate::machines::begin::{Begun, Boot};
use crate::machines::emulator::{Emulator, Hypervisor};
use crate::machines::folders::{self, Server};
use crate::machines::guest::Guest;
use crate::machines::record::FolderUse;

/// Longest time to restore a machine.
const RESTORED_WITHIN: Duration = Duration::from_secs(30);
/// Longest time for the guest of a restored machine to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);

/// QEMU, with the templates that its machines may begin from.
#[derive(Debug)]
pub(in crate::machines) struct Starter {
    pub(in crate::machines) qemu: Qemu,
    pub(in crate::machines) templates: Templates,
    pub(in crate::machines) boot: Boot,
    /// The folders of the host that they have.
    pub(in crate::machines) folders: Vec<FolderUse>,
    /// The command that serves these.
    pub(in crate::machines) server: Vec<OsString>,
}

/// A machine that runs, and how it has begun.
#[derive(Debug)]
pub(in crate::machines) struct Running {
    machine: Machine,
    begun: Begun,
    /// Serves the folders of the host.
    _server: Option<Server>,
    /// The channel to a guest that was greeted before.
    channel: Option<Channel>,
    /// What the guest said first.
    hello: Option<Hello>,
}

impl Running {
    /// The machine, and what its guest said; `None` before it has.
    pub(in crate::machines) fn parts(&self) -> Option<(&Machine, &Hello)> {
        Some((&self.machine, self.hello.as_ref()?))
    }
}

impl Starter {
    /// The streams of a machine, and the server at the other end of one.
    fn streams(&self, frames: Option<OwnedFd>) -> Result<(Streams, Option<Server>), Error> {
        let served = folders::serve(&self.server, &self.folders, self.qemu.jail())?;
        let (folders, server) = served.unzip();
        Ok((Streams { folders, frames }, server))
    }

    /// Starts a machine from its template, if there is one. A template that fails is removed, so that
    /// it is made anew.
    async fn restore(
        &self,
        plan: &LaunchPlan,
        frames: Option<OwnedFd>,
    ) -> Result<Option<Running>, Error> {
        let make = self.boot == Boot::Template;
        let restored = async {
            let Some(template) = self.templates.find(&self.qemu, plan, make).await? else {
                return Ok(None);
            };
            let begun = self.begin(plan, &template, Begun::Template, frames).await;
            begun.map(Some)
        };
        let restored = restored.await;
        if restored.is_err() {
            self.templates.discard(&self.qemu, plan).await;
        }
        restored
    }

    /// Starts a machine from a template.
    async fn begin(
        &self,
        plan: &LaunchPlan,
        template: &Template,
        begun: Begun,
        frames: Option<OwnedFd>,
    ) -> Result<Running, Error> {
        let (streams, server) = self.streams(frames)?;
        let restored = Machine::restore(&self.qemu, plan, template, streams, RESTORED_WITHIN);
        let mut machine = restored.await?;
        let (hello, channel) = machine.handshake(ANSWERS_WITHIN).await?;
        // The greeting is from the template's own time: only an answer shows that the guest runs.
        answer(&channel, &machine).await?;
        Ok(Running {
            machine,
            begun,
            _server: server,
            channel: Some(channel),
            hello: Some(hello),
        })
    }
}

/// Waits for a guest to answer the shortest request.
async fn answer(channel: &Channel, machine: &Machine) -> Result<(), Error> {
    let mut session = channel.open(&Request::Clock(nanoseconds()))?;
    let ended = async {
        while let Some(event) = session.events.next().await? {
            if matches!(event, Event::Ended(_)) {
                return Ok(());
            }
        }
        Err(Error::ChannelClosed)
    };
    match timeout(ANSWERS_WITHIN, ended).await {
        Ok(answered) => answered,
        Err(_) => Err(Error::Vm(lazaret_vm::Error::GuestSilent {
            limit: ANSWERS_WITHIN,
            stderr: machine.diagnostics().stderr(),
            console: machine.diagnostics().console(),
        })),
    }
}

impl Hypervisor for Starter {
    type Emulator = Running;

    async fn start(&self, plan: &LaunchPlan, frames: Option<OwnedFd>) -> Result<Running, Error> {
        // A template that fails takes its copy with it.
        let copy = |frames: &Option<OwnedFd>| frames.as_ref().map(OwnedFd::try_clone).transpose();
        let first = copy(&frames).map_err(|source| Error::Io {
            action: "share the socket of the network".to_owned(),
            source,
        })?;
        let begun = match self.boot {
            Boot::Cold => Begun::Cold,
            Boot::Auto if plan.boots_from_disk() => Begun::Cold,
            Boot::Template if plan.boots_from_disk() => {
                Begun::Fallback("it boots from its own disk".to_owned())
            }
            Boot::Auto | Boot::Template => match self.restore(plan, first).await {
                Ok(Some(running)) => return Ok(running),
                Ok(None) if self.boot == Boot::Auto => Begun::Cold,
                Ok(None) => Begun::Fallback("it could not be made in time".to_owned()),
                Err(error) => Begun::Fallback(Chain(&error).to_string()),
            },
        };
        let (streams, server) = self.streams(frames)?;
        let machine = Machine::start(&self.qemu, plan, streams).await?;
        Ok(Running {
            machine,
            begun,
            _server: server,
            channel: None,
            hello: None,
        })
    }

    async fn resume(
        &self,
        plan: &LaunchPlan,
        memory: &Path,
        frames: Option<OwnedFd>,
    ) -> Result<Running, Error> {
        let template = self.templates.existing(memory).await?;
        self.begin(plan, &template, Begun::Checkpoint, frames).await
    }

    fn prepare_next(&self, plan: &LaunchPlan, begun: &Begun) {
        if plan.boots_from_disk()
            || self.boot != Boot::Auto
            || matches!(begun, Begun::Template | Begun::Checkpoint)
        {
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

    fn jail(&self) -> Jail {
        self.machine.jail().clone()
    }

    fn begun(&self) -> Begun {
        self.begun.clone()
    }

    async fn boot(&mut self, request: &Request, limit: Duration) -> Result<Guest, Error> {
        let channel = match self.channel.take() {
            Some(channel) => channel,
            None => {
                let (hello, channel) = self.machine.handshake(limit).await?;
                self.hello = Some(hello);
                channel
            }
        };
        tracing::info!("guest is up");
        let workload = channel.open(request)?;
        Ok(Guest::new(workload, channel))
    }

    async fn pause(&self) -> Result<(), Error> {
        Ok(self.machine.pause().await?)
    }

    async fn resume(&self) -> Result<(), Error> {
        Ok(self.machine.resume().await?)
    }

    async fn settle(&mut self, limit: Duration) {
        if timeout(limit, self.machine.wait()).await.is_err() {
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
