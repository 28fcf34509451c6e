//! The network of a machine: a process beside the holder that takes the guest's frames and makes the
//! connections that the policy permits.
//!
//! ```text
//! begin: ports bound -> boundary started -> settings -> ready -> QEMU gets its end of the frames' socket
//!                           ^  |
//!                           |  v its end: another one, on the same socket
//! ```
//! The holder keeps an end of both sockets, so that neither QEMU nor clients notice when a boundary dies:
//! connections break, and the machine goes on. What the guest does is told here as messages; this module
//! never sees a frame.
//!
//! * `boundary`: the process, and what is said to it
//! * `ports`: sockets of the host that lead into the machine
//! * `questions`: what a person is asked
//! * `refusals`: those that are told one by one, and the number of the others
//! * `shared`: what clients, the holder and the task of the boundary share
//! * `rules`: the policy as it is now: documents, a file that may change, answers

mod boundary;
mod ports;
mod questions;
mod refusals;
mod rules;
mod shared;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lazaret_egress::{Authority, AuthorityPem};
use lazaret_protocol::Trust;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(super) use boundary::BoundaryCommand;
pub(super) use shared::Shared;

use super::network_launch::{NetworkLaunch, PublishedPort};
use super::record::Spec;
use crate::audit::AuditLog;
use crate::integrations::RunCredentials;
use crate::{Error, NetworkError, trust_variables};
use boundary::Boundary;
use questions::Questions;
use refusals::Refusals;
use rules::Rules;
use shared::Told;

/// Time for a boundary to tell what it has decided, after the emulator has ended.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// The network of one machine, over all of its runs.
#[derive(Debug)]
pub(super) struct Network {
    launch: NetworkLaunch,
    command: BoundaryCommand,
    /// The authority that the guest trusts, one for all runs of the machine.
    authority: Option<AuthorityPem>,
    shared: Arc<Shared>,
    /// The task that serves the boundary of this run.
    task: Option<JoinHandle<()>>,
}

/// What a run of the machine needs of its network.
pub(super) struct Begun {
    /// QEMU's end of the socket for frames.
    pub(super) frames: OwnedFd,
    /// The ports of the host that lead into the machine.
    pub(super) ports: Vec<PublishedPort>,
}

impl Network {
    /// The network of a machine in this folder; `None` for a machine without one.
    ///
    /// # Errors
    /// [`NetworkError::Authority`].
    pub(super) fn of(
        spec: &Spec,
        folder: &Path,
        command: BoundaryCommand,
        audit: &Arc<AuditLog>,
    ) -> Result<Option<Self>, Error> {
        let Some(launch) = spec.launch.network.clone() else {
            return Ok(None);
        };
        let authority = launch.intercept.then(Authority::generate);
        let authority = authority.transpose().map_err(NetworkError::Authority)?;
        Ok(Some(Self {
            shared: Arc::new(Shared {
                machine: Told {
                    machines: folder.parent().unwrap_or(folder).to_owned(),
                    spec: spec.clone(),
                },
                rules: Rules::new(&launch, folder),
                questions: Questions::of(spec.created),
                credentials: RunCredentials::open(folder, audit.clone())?,
                audit: audit.clone(),
                refusals: Refusals::default(),
                ending: AtomicBool::new(false),
            }),
            launch,
            command,
            authority,
            task: None,
        }))
    }

    /// What clients may ask about.
    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// What the guest is to trust, whose programs have these variables.
    pub(super) fn trust(&self, env: &[String]) -> Option<Trust> {
        let authority = self.authority.as_ref()?;
        Some(Trust {
            authority: authority.certificate.clone(),
            roots: lazaret_net::Roots::system_bundle(),
            bundles: trust_variables::others(env),
        })
    }

    /// Binds the ports of a run, and makes the socket for frames.
    ///
    /// # Errors
    /// [`NetworkError::Publish`] for a port that is taken, [`Error::Io`].
    pub(super) fn prepare(&mut self, folder: &Path) -> Result<(Begun, Boundary), Error> {
        self.end();
        self.shared.ending.store(false, Ordering::Release);
        let (listeners, ports) = ports::listen(&self.launch.ports)?;
        let (ours, frames) = boundary::frames()?;
        let boundary = Boundary {
            command: self.command.clone(),
            folder: folder.to_owned(),
            settings: self.launch.settings(self.authority.clone()),
            frames: ours,
            listeners,
            shared: self.shared.clone(),
        };
        Ok((Begun { frames, ports }, boundary))
    }

    /// Starts the boundary of a run, and waits until it answers frames.
    ///
    /// # Errors
    /// [`Error::Io`] and [`NetworkError::Boundary`].
    pub(super) async fn start(&mut self, boundary: Boundary) -> Result<(), Error> {
        let running = boundary.start().await?;
        self.task = Some(tokio::spawn(boundary.serve(running)));
        Ok(())
    }

    /// Ends the boundary of a run whose emulator has ended, when it has told what there was to tell.
    pub(super) async fn close(&mut self) {
        self.shared.ending.store(true, Ordering::Release);
        if let Some(task) = &mut self.task {
            // It ends with the emulator; what has not come until then is lost.
            let _ = timeout(ENDS_WITHIN, task).await;
        }
        self.end();
    }

    /// Ends the boundary of a run.
    fn end(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.shared.questions.clear();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.end();
    }
}
