//! PID 1 for a host's workload: sets up the machine, runs the workload and ends with it.
//!
//! Whatever does not depend on the workload is done before the greeting: a machine may be saved
//! then, and others begin from there (`Template` in `crates/vm`). They have other disks.
//!
//! ```text
//! greeted --Boot--> setting up --started--> up --the workload ends--> ending --host hangs up--> off
//!    |                   |                   |  Exec: one more command
//!    |                   +-------------------+---- host hangs up ------------------> off
//!    +---- another version: Failure, then the host hangs up -----------------------> off
//!
//! up --Rest--> at rest --the same host--> up
//!                 \--another host--> a copy --Resume--> up
//! ```

use std::time::Duration;

use lazaret_protocol::{BootConfig, Request};

use crate::error::{Error, Result, one_line};
use crate::port::Port;
use crate::process::{self, Workload};
use crate::sessions::{Event, Sessions, Waker};
use crate::{bus, closing, console, freeze, link, modules, netlink, power, root, settings, vsock};

/// Serves the host, from the connection until it hangs up. It is reached over virtio-serial, or at
/// this port over vsock.
pub(crate) fn serve(vsock: Option<u32>) -> Result<()> {
    if vsock.is_some() {
        // Before drivers and devices are kept apart.
        modules::load_all(modules::BOOT);
        modules::load_all(modules::VSOCK);
    }
    prepare();
    let mut port = match vsock {
        Some(port) => Port::over(vsock::connect(port)?),
        None => Port::open()?,
    };
    if let Err(error) = port.greet() {
        return port.give_up(error);
    }
    let mut sessions = Sessions::over(port);
    let ended = attend(&mut sessions);
    power::kill_everything();
    match ended {
        Ok(()) => sessions.finish(),
        Err(error @ Error::HostGone) => Err(error),
        Err(error) => sessions.into_port().give_up(error),
    }
}

/// Does what every workload needs, before the host has said what it is. What fails here is tried
/// again, or reported, by the step that needs it.
fn prepare() {
    bus::hold();
    modules::load_all(modules::DEVICES);
    if bus::has_network() {
        modules::load_all(modules::NETWORK);
    }
    let _tried_again = netlink::bring_up(netlink::LOOPBACK_INDEX);
    root::mount_in_advance();
}

/// Handles the host's requests until the workload has ended.
fn attend(sessions: &mut Sessions) -> Result<()> {
    let mut workload = None;
    // The processes of a copy, until it has an identity of its own.
    let mut frozen = None;
    // The session for which writes to the scratch disk are held back.
    let mut held = None;
    loop {
        match sessions.next()? {
            Event::Opened {
                session,
                request: Request::Rest,
            } => {
                let Some(main) = workload else {
                    sessions.answer(session, Err(Error::NotBooted));
                    continue;
                };
                match freeze::everything() {
                    Err(error) => sessions.answer(session, Err(error)),
                    Ok(stopped) => match sessions.rest(session, main)? {
                        Waker::Same => stopped.thaw(),
                        Waker::Other => {
                            // Whoever reads the disk of the other machine does not read this one's.
                            closing::thaw();
                            (workload, frozen, held) = (None, Some(stopped), None);
                        }
                    },
                }
            }
            Event::Opened {
                session,
                request: Request::Resume(config),
            } => {
                let Some(stopped) = frozen.take() else {
                    sessions.answer(session, Err(Error::NotAtRest));
                    continue;
                };
                settings::renew(&config)?;
                if !sessions.adopt(session) {
                    return Err(Error::NotAtRest);
                }
                workload = Some(session);
                stopped.thaw();
            }
            Event::Opened {
                session,
                request: Request::Clock(nanoseconds),
            } => {
                let set = settings::set_clock(Duration::from_nanos(nanoseconds));
                sessions.answer(session, set);
            }
            Event::Opened { session, request } => {
                let started = match (request, workload) {
                    (Request::Clock(_) | Request::Rest | Request::Resume(_), _) => {
                        Err(Error::NotAtRest)
                    }
                    // A copy is set up already.
                    (Request::Boot(_), None) if frozen.is_some() => Err(Error::BootedAlready),
                    (Request::Boot(config), None) => {
                        workload = Some(session);
                        boot(&config)
                    }
                    (Request::Exec(process), Some(_)) => process::launch(&process),
                    (Request::Copy(request), Some(_)) => process::launch_copy(&request),
                    (Request::Processes, Some(_)) => process::launch_list(),
                    (Request::Freeze, Some(_)) => {
                        let started = hold(held.is_some());
                        if started.is_ok() {
                            held = Some(session);
                        }
                        started
                    }
                    (Request::Boot(_), Some(_)) => Err(Error::BootedAlready),
                    (
                        Request::Exec(_) | Request::Copy(_) | Request::Processes | Request::Freeze,
                        None,
                    ) => Err(Error::NotBooted),
                };
                if let Err(error) = &started {
                    console::say(&one_line(error));
                }
                sessions.begin(session, started);
            }
            Event::Ended { session } if Some(session) == workload => return Ok(()),
            Event::Ended { session } if Some(session) == held => {
                // It may have been killed before it let go.
                closing::thaw();
                held = None;
            }
            Event::Ended { .. } => {}
        }
    }
}

/// Begins to hold writes to the scratch disk back; it can be done once at a time.
fn hold(is_held: bool) -> Result<Workload> {
    match closing::scratch() {
        _ if is_held => Err(Error::FrozenAlready),
        None => Err(Error::NoScratch),
        Some(root) => process::launch_freeze(root),
    }
}

/// Sets up the machine and starts its workload.
fn boot(config: &BootConfig) -> Result<Workload> {
    bus::join();
    settings::apply(config)?;
    if let Some(network) = &config.network {
        link::bring_up(network)?;
    }
    root::assemble(config)?;
    modules::forget();
    root::enter()?;
    process::launch_init(&config.process)
}
