//! The agent of a machine that boots a disk of its own: it runs what the host asks for.
//!
//! It speaks the same protocol as on the control port, over a port of its own, for as long as the
//! machine is up:
//!
//! ```text
//! guest                       host
//!   | <---- Hello{version} ---> |     each time a host connects
//!   | <------ Open(1, Exec) --- |     as many as it likes, side by side
//!   | -- Exit(1) | Failure(1) > |
//! ```
//!
//! When the host hangs up, what it had started is killed. One that comes back within the blink of an
//! eye is taken for the same one, and not greeted: it hangs up again and waits longer.

use lazaret_protocol::{AGENT_PORT, Request};

use crate::error::{Error, Result};
use crate::port::Port;
use crate::process;
use crate::sessions::{Event, Sessions};

/// Serves one host after the other. Returns only when the port itself fails.
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
            // Out of step with this host: hanging up is all that helps.
            error => return Err(error),
        }
    }
}

/// Does what one host asks for; why that ended.
fn attend(sessions: &mut Sessions) -> Error {
    loop {
        match sessions.next() {
            Ok(Event::Opened { session, request }) => {
                let started = match request {
                    Request::Exec(process) => process::launch(&process),
                    Request::Boot(_) => Err(Error::BootedAlready),
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
