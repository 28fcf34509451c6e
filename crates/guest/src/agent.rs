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

use std::time::Duration;

use lazaret_protocol::{AGENT_PORT, Request};

use crate::error::{Error, Result};
use crate::port::Port;
use crate::process;
use crate::sessions::{Event, Sessions};
use crate::settings;

/// Serves one host after another. Returns only when the port fails or a host breaks the protocol.
pub(crate) fn serve() -> Result<()> {
    let mut port = Port::wait_for(AGENT_PORT)?;
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
        let error = attend(&mut sessions);
        sessions.kill_all();
        match error {
            Error::HostGone => port = sessions.into_port().reset(),
            // The stream is out of step: only hanging up helps, as this program does when it ends.
            error => return Err(error),
        }
    }
}

/// Runs commands for one host; returns the error that ended this.
fn attend(sessions: &mut Sessions) -> Error {
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
                    Request::Boot(_) => Err(Error::BootedAlready),
                    Request::Rest | Request::Resume(_) => Err(Error::NotAtRest),
                };
                sessions.begin(session, started);
            }
            Ok(Event::Ended { .. }) => {}
            Err(error) => return error,
        }
    }
}

#[cfg(test)]
mod tests;
