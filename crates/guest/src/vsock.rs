//! The control stream over vsock, for hypervisors without virtio-serial: the guest connects to the host,
//! whose hypervisor leads the connection to a UNIX socket.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use lazaret_protocol::VSOCK_PARAMETER;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::addr::{SocketAddrArg, SocketAddrLen, SocketAddrOpaque};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::error::{Context as _, Error, Result};
use crate::parameters::Parameters;

/// The host's address, its context identifier (vsock(7)).
const HOST: u32 = 2;

/// Time limit for the device to appear and the host to listen, which it does before the machine starts.
const CONNECTS_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);

/// The port of the host, if the control stream goes over vsock.
pub(crate) fn wanted(parameters: &Parameters) -> Result<Option<u32>> {
    let Some(text) = parameters.value(VSOCK_PARAMETER) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| Error::Refused {
        field: VSOCK_PARAMETER,
        value: text.to_owned(),
        reason: "it is no port",
    })
}

/// Connects to a port of the host; the descriptor does not block.
pub(crate) fn connect(port: u32) -> Result<OwnedFd> {
    let deadline = Instant::now() + CONNECTS_WITHIN;
    loop {
        match try_connect(port) {
            Ok(connected) => return Ok(connected),
            // The driver has not met its device yet, or the host does not listen yet.
            Err(
                Errno::NODEV
                | Errno::ADDRNOTAVAIL
                | Errno::NETUNREACH
                | Errno::CONNRESET
                | Errno::CONNREFUSED
                | Errno::TIMEDOUT
                | Errno::AFNOSUPPORT
                | Errno::INTR,
            ) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(error) => {
                return Err(error)
                    .context(|| format!("connect to port {port} of the host over vsock"));
            }
        }
    }
}

fn try_connect(port: u32) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::VSOCK, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &Address::of_host(port))?;
    let flags = rustix::fs::fcntl_getfl(&socket)?;
    rustix::fs::fcntl_setfl(&socket, flags | OFlags::NONBLOCK)?;
    Ok(socket)
}

/// `struct sockaddr_vm` of linux/vm_sockets.h.
#[repr(C)]
struct Address {
    family: u16,
    reserved: u16,
    port: u32,
    context: u32,
    flags: u8,
    zero: [u8; 3],
}

impl Address {
    fn of_host(port: u32) -> Self {
        Self {
            family: AddressFamily::VSOCK.as_raw(),
            reserved: 0,
            port,
            context: HOST,
            flags: 0,
            zero: [0; 3],
        }
    }
}

// SAFETY: the pointer is to a whole structure of the family that it names, of the length given, and is
// valid while `act` runs.
#[allow(unsafe_code)]
unsafe impl SocketAddrArg for Address {
    unsafe fn with_sockaddr<R>(
        &self,
        act: impl FnOnce(*const SocketAddrOpaque, SocketAddrLen) -> R,
    ) -> R {
        let length = SocketAddrLen::try_from(size_of::<Self>()).unwrap_or_default();
        act(std::ptr::from_ref(self).cast(), length)
    }
}

#[cfg(test)]
mod tests;
