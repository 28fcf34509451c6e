//! The agent of a machine that boots a disk of its own: it runs what the host asks for.
//!
//! The same frames as on the control port, over a port of its own, for as long as the machine is up:
//!
//! ```text
//! guest                       host
//!   | -- Hello{version} ------> |     each time the host connects
//!   | <-------- Exec{Process} - |
//!   | -- Started, streams ----> |     as after Boot
//!   | -- Exit | Failure ------> |
//!   | <-------- Exec{Process} - |     the next one
//! ```
//!
//! When the host hangs up, what it had started is killed. One that comes back within the blink of an
//! eye is taken for the same one, and not greeted: it hangs up again and waits longer.

use lazaret_protocol::{AGENT_PORT, Frame, Kind, Process};
use rustix::process::Signal;

use crate::error::{Error, Result};
use crate::port::{self, Port};
use crate::{process, pump};

/// Serves one host after the other. Returns only when the port itself fails.
pub(crate) fn serve() -> Result<()> {
    let mut port = Port::wait_for(AGENT_PORT)?;
    loop {
        port.wait_until_connected()?;
        match attend(&mut port) {
            Err(Error::HostGone) => port = port.reset(),
            // Out of step with this host: hanging up is all that helps.
            Err(error) => return Err(error),
            Ok(never) => match never {},
        }
    }
}

/// Does what one host asks for, until it hangs up.
fn attend(port: &mut Port) -> Result<std::convert::Infallible> {
    port.say_hello()?;
    loop {
        let frame = port.receive()?;
        match frame.kind {
            Kind::Exec => {
                let last = match run(port, &frame.payload) {
                    Ok(outcome) => Frame::json(Kind::Exit, &outcome),
                    Err(error @ (Error::HostGone | Error::Frame { .. })) => return Err(error),
                    Err(error) => Frame::json(Kind::Failure, &error.failure()),
                };
                port.queue(&last.map_err(|source| Error::Frame { source })?);
            }
            // On their way when the workload ended.
            Kind::Stdin | Kind::StdinClosed | Kind::Signal => {}
            kind => return Err(Error::UnexpectedFrame { kind }),
        }
    }
}

fn run(port: &mut Port, request: &[u8]) -> Result<lazaret_protocol::Outcome> {
    let request: Process =
        serde_json::from_slice(request).map_err(|source| Error::Request { source })?;
    let workload = process::launch(&request)?;
    let main = workload.main;
    port.queue(&Frame::empty(Kind::Started));
    let outcome = pump::run(port, workload);
    if outcome.is_err() {
        let _ended_meanwhile = rustix::process::kill_process_group(main, Signal::KILL);
        port::reap();
    }
    outcome
}
