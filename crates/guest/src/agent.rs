//! The agent of a machine that boots from its own disk: it runs commands for the host.
//!
//! It speaks the same protocol as on the control port, over a separate port, for as long as the
//! machine is up:
//!
//! ```text
//! guest                       host
//!   | <---- Hello{version} ---> |     each time a host connects
//!   | <------ Open(1, Exec) --- |     as many as it likes, side by side
//!   | -- Exit(1) | Failure(1) > |
//! ```
//!
//! When the host hangs up, its commands are killed. The guest cannot notice that a host leaves and
//! returns within a moment, and so does not greet it again: the host then hangs up and waits
//! longer.
//!
//! In a machine that Lazaret runs, the host has the control port instead, and asks for a workload
//! first (`Boot`). The disk is the root already, so this agent only adds what the host has beside it.
//! The machine ends with that workload, or when the host hangs up, as any other does.

use std::time::Duration;

use lazaret_protocol::{AGENT_PORT, BootConfig, CONTROL_PORT, Request};

use crate::error::{Error, Result, one_line};
use crate::parameters::Parameters;
use crate::port::Port;
use crate::process::{self, Workload};
use crate::sessions::{Event, Sessions};
use crate::{console, link, power, root, settings, vsock};

/// What a host may ask of this agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    /// It runs the machine, which ends with its workload.
    Runs,
    /// It visits a machine that another hypervisor runs.
    Visits,
}

/// Why an attendance has ended.
enum Left {
    /// The workload of the machine has ended.
    Ended,
    /// The conversation has failed, or the host is gone.
    Failed(Error),
}

/// Serves one host after another. Returns only when the port fails or a host breaks the protocol.
pub(crate) fn serve() -> Result<()> {
    let parameters = Parameters::of_kernel();
    power::settle(&parameters);
    if let Some(port) = vsock::wanted(&parameters)? {
        return run(Port::over(vsock::connect(port)?));
    }
    let (port, name) = Port::wait_for(&[CONTROL_PORT, AGENT_PORT])?;
    if name == CONTROL_PORT {
        return run(port);
    }
    visit(port)
}

/// Serves the host that runs this machine, and ends the machine.
fn run(mut port: Port) -> Result<()> {
    port.wait_until_connected()?;
    if let Err(error) = port.greet() {
        return port.give_up(error);
    }
    let mut sessions = Sessions::over(port);
    let left = attend(&mut sessions, Host::Runs);
    power::kill_everything();
    let said = match left {
        Left::Ended => sessions.finish(),
        Left::Failed(Error::HostGone) => Ok(()),
        Left::Failed(error) => sessions.into_port().give_up(error),
    };
    if let Err(error) = said {
        console::say(&one_line(&error));
    }
    rustix::fs::sync();
    root::make_read_only();
    power::off();
    Ok(())
}

/// Serves the hosts that come and go.
fn visit(mut port: Port) -> Result<()> {
    loop {
        port.wait_until_connected()?;
        match port.greet() {
            Ok(()) => {}
            Err(Error::HostGone) => {
                port = port.reset();
                continue;
            }
            Err(error) => {
                port.give_up(error)?;
                port = port.reset();
                continue;
            }
        }
        let mut sessions = Sessions::over(port);
        let left = attend(&mut sessions, Host::Visits);
        sessions.kill_all();
        match left {
            Left::Ended | Left::Failed(Error::HostGone) => port = sessions.into_port().reset(),
            // The stream is out of step: only hanging up helps, as this program does when it ends.
            Left::Failed(error) => return Err(error),
        }
    }
}

/// Runs commands for one host, until the workload ends or the conversation does.
fn attend(sessions: &mut Sessions, host: Host) -> Left {
    let mut workload = None;
    loop {
        match sessions.next() {
            Ok(Event::Opened {
                session,
                request: Request::Clock(nanoseconds),
            }) => {
                let set = settings::set_clock(Duration::from_nanos(nanoseconds));
                sessions.answer(session, set);
            }
            Ok(Event::Opened { session, request }) => {
                let started = match request {
                    Request::Clock(_) => Err(Error::NotBooted),
                    Request::Exec(process) => process::launch(&process),
                    Request::Copy(request) => process::launch_copy(&request),
                    Request::Processes => process::launch_list(),
                    Request::Freeze => Err(Error::NoScratch),
                    Request::Boot(config) if host == Host::Runs && workload.is_none() => {
                        workload = Some(session);
                        boot(&config)
                    }
                    Request::Boot(_) => Err(Error::BootedAlready),
                    Request::Rest | Request::Resume(_) => Err(Error::NotAtRest),
                };
                sessions.begin(session, started);
            }
            Ok(Event::Ended { session }) if Some(session) == workload => return Left::Ended,
            Ok(Event::Ended { .. }) => {}
            Err(error) => return Left::Failed(error),
        }
    }
}

/// Adds what the host has for this machine to its root, and starts the workload.
fn boot(config: &BootConfig) -> Result<Workload> {
    settings::apply(config)?;
    if let Some(network) = &config.network {
        link::bring_up(network)?;
    }
    root::complete(config)?;
    process::launch(&config.process)
}

#[cfg(test)]
mod tests;
