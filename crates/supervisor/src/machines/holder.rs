//! The process that holds a machine: it owns the locked folder, the emulator, the channel to the
//! guest and the log, and answers clients on a socket in the folder.
//!
//! ```text
//! command line --spawns, hands over lock and a connection--> holder --> QEMU --> guest
//!      |                                                       |
//!      +------------- sessions of orders over a socket --------+
//! ```
//! [`hold`] lives through all runs of the machine: those that the restart policy asks for, too. A
//! client that goes away takes nothing with it but its own sessions, and the machine if that is
//! bound to it.
//!
//! * `asking`: what a person is asked about the network
//! * `bridge`: sessions of clients with the guest
//! * `desk`: what clients ask for, as tasks over the state that they share
//! * `peer`: the client's connection
//! * `save`: what a checkpoint is made of
//! * `run`: one run, from the start of the emulator to its end

mod asking;
mod bridge;
mod desk;
mod peer;
mod run;
mod save;

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lazaret_values::Chain;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::audited;
use super::driver::Driver;
use super::life::Life;
use super::machine::Machine;
use super::network::{BoundaryCommand, Network};
use super::program::Program;
use super::record::{Restart, Spec, State};
use super::socket;
use super::store::{Found, Held};
use super::templates::{Starter, Templates};
use crate::Error;
use crate::audit::AuditLog;
use desk::Desk;

/// Pause before the first restart; it doubles with each one that follows soon.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A run of this length makes the next pause a first one.
const LONG_RUN: Duration = Duration::from_secs(10);

/// The commands of this program that the holder starts.
#[derive(Debug, Clone)]
pub struct OwnCommands {
    /// Keeps the memory of a template.
    pub keep: Vec<OsString>,
    /// Serves the network of a machine.
    pub boundary: Vec<OsString>,
    /// Serves folders of the host.
    pub share: Vec<OsString>,
    /// The variables that say which authorities this host trusts, and their values.
    pub trust: Vec<(&'static str, OsString)>,
}

/// Holds the machine in `folder`, whose lock this process was given, from its start to its end.
/// `client` is a connection to the process that asked for it: the machine is not started before
/// that has opened its first session.
///
/// # Errors
/// When the folder cannot be read or the socket cannot be made. What happens to the machine is told
/// to clients and written to the folder.
pub async fn hold(
    folder: PathBuf,
    lock: File,
    client: std::os::unix::net::UnixStream,
    commands: OwnCommands,
) -> Result<(), Error> {
    let spec = Spec::read(&folder)?;
    let state = State::read(&folder)?;
    let program = Program::of_launch(&spec.launch);
    let starter = || Starter {
        qemu: program.as_qemu(),
        templates: Templates {
            folder: spec.launch.templates.clone(),
            keeper: commands.keep,
        },
        boot: spec.options.boot,
        folders: spec.launch.folders.clone(),
        server: commands.share,
    };
    let driver = match program.as_vmm() {
        Some(vmm) => Driver::Vmm(vmm),
        None => Driver::Qemu(starter()),
    };
    let listener = socket::listen(&folder).and_then(|listener| {
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener)
    });
    let listener = listener.map_err(Error::io("listen on the socket in", &folder))?;
    let client = client
        .set_nonblocking(true)
        .and_then(|()| UnixStream::from_std(client));
    let client = client.map_err(Error::io("use the connection for", &folder))?;
    let audit = Arc::new(AuditLog::open(&folder, &spec.id));
    let boundary = BoundaryCommand {
        words: commands.boundary,
        trust: commands.trust,
    };
    let network = Network::of(&spec, &folder, boundary, &audit)?;
    let questions = network.as_ref().map(Network::shared);
    let (desk, mut demands) = Desk::new(&spec, &folder, audit, questions);
    let mut clients = JoinSet::new();
    clients.spawn(desk.clone().attend(client));
    let held = Held {
        found: Found {
            spec,
            state,
            folder,
        },
        lock,
    };
    let mut machine = Machine::new(held, driver, network);
    let life = {
        let living = live(&mut machine, &desk, &mut demands);
        tokio::pin!(living);
        loop {
            tokio::select! {
                life = &mut living => break life,
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        clients.spawn(desk.clone().attend(stream));
                    }
                }
                Some(_) = clients.join_next() => {}
            }
        }
    };
    drop(listener);
    let error = machine.error().map(str::to_owned);
    // Whoever starts the machine next goes on with its log.
    let logged = desk.audit().end();
    let released = machine.release();
    desk.close(life, error);
    // Everybody gets what was still to be said.
    while clients.join_next().await.is_some() {}
    logged.sync();
    released
}

/// Starts the machine, and again as its restart policy says; returns its last state.
async fn live(
    machine: &mut Machine<Driver>,
    desk: &Arc<Desk>,
    demands: &mut desk::Demands,
) -> Life {
    desk.opened().await;
    let restart = machine.spec().options.restart;
    let mut pause = FIRST_PAUSE;
    let mut failures = 0;
    for restarts in 0.. {
        let begin = Instant::now();
        let ended = run::run(machine, desk, demands, restarts).await;
        let life = match machine.end(ended.ending).await {
            Ok(life) => life,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "machine not ended as it should");
                machine.life().clone()
            }
        };
        audited::end(desk.audit(), &life, machine.error());
        if begin.elapsed() >= LONG_RUN {
            (pause, failures) = (FIRST_PAUSE, 0);
        }
        failures += u32::from(life.status() != Some(0));
        let again = match restart {
            Restart::No => false,
            Restart::OnFailure(most) => {
                life.status() != Some(0) && most.is_none_or(|most| failures <= most)
            }
            Restart::Always => true,
        };
        if ended.is_final || !again || machine.restart().is_err() {
            return life;
        }
        desk.set_life(machine.life().clone());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = demands.end() => {
                let killed = machine.end(Ok(super::Ending::Killed)).await;
                return killed.unwrap_or(life);
            }
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    machine.life().clone()
}
