//! Requests to the kernel's network stack: links up, addresses, routes (rtnetlink(7)).

use std::io;
use std::net::Ipv4Addr;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Index of `lo`, the first interface of every network namespace.
pub(crate) const LOOPBACK_INDEX: u32 = 1;

/// `RTM_NEWLINK`, `RTM_NEWADDR` and `RTM_NEWROUTE` of `linux/rtnetlink.h`.
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
/// `NLMSG_ERROR` of `linux/netlink.h`, also used for acknowledgements.
const ERROR: u16 = 2;
/// `NLM_F_REQUEST | NLM_F_ACK`.
const REQUEST_WITH_ANSWER: u16 = 0x01 | 0x04;
/// `NLM_F_REPLACE | NLM_F_CREATE`.
const MAKE_OR_REPLACE: u16 = 0x100 | 0x400;
/// Size of `struct nlmsghdr` in bytes.
const HEADER: usize = 16;
/// `IFF_UP` of `linux/if.h`.
const UP: u32 = 1;
const INET: u8 = 2;

/// Sets an interface up. Loopback then gets its addresses from the kernel itself.
pub(crate) fn bring_up(index: u32) -> io::Result<()> {
    let mut info = vec![0, 0, 0, 0]; // struct ifinfomsg: family, padding, device type
    info.extend(index.to_ne_bytes());
    info.extend(UP.to_ne_bytes());
    info.extend(UP.to_ne_bytes()); // the flags to change
    ask(&request(NEW_LINK, 0, &info, &[]))
}

/// Adds an address to an interface.
pub(crate) fn add_address(index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    let mut info = vec![INET, prefix, 0, 0]; // struct ifaddrmsg: flags, scope
    info.extend(index.to_ne_bytes());
    let octets = address.octets();
    // IFA_ADDRESS, IFA_LOCAL
    let attributes = [(1, octets), (2, octets)];
    ask(&request(NEW_ADDRESS, MAKE_OR_REPLACE, &info, &attributes))
}

/// Adds a default route through a gateway.
pub(crate) fn add_default_route(index: u32, gateway: Ipv4Addr) -> io::Result<()> {
    const TABLE_MAIN: u8 = 254;
    const PROTOCOL_BOOT: u8 = 3;
    const UNICAST: u8 = 1;
    // struct rtmsg: lengths of destination and source, tos; table, protocol, scope, type; flags
    let info = [
        INET,
        0,
        0,
        0,
        TABLE_MAIN,
        PROTOCOL_BOOT,
        0,
        UNICAST,
        0,
        0,
        0,
        0,
    ];
    // RTA_OIF, RTA_GATEWAY
    let attributes = [(4, index.to_ne_bytes()), (5, gateway.octets())];
    ask(&request(NEW_ROUTE, MAKE_OR_REPLACE, &info, &attributes))
}

/// Sends one request and reads the kernel's answer.
fn ask(request: &[u8]) -> io::Result<()> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None, // NETLINK_ROUTE, protocol 0
    )?;
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(&socket, request, SendFlags::empty(), &kernel)?;
    let mut answer = [0_u8; 256];
    // The kernel answers within the call to sendto, so there is no need to wait.
    let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::DONTWAIT)?;
    check(answer.get(..length).unwrap_or_default())
}

/// Encodes `struct nlmsghdr`, the message's own structure, then `struct rtattr` with four bytes
/// each.
fn request(kind: u16, flags: u16, info: &[u8], attributes: &[(u16, [u8; 4])]) -> Vec<u8> {
    const ATTRIBUTE: u16 = 8;
    let length = HEADER + info.len() + attributes.len() * usize::from(ATTRIBUTE);
    let mut message = Vec::with_capacity(length);
    message.extend(u32::try_from(length).unwrap_or(u32::MAX).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((REQUEST_WITH_ANSWER | flags).to_ne_bytes());
    message.extend(1_u32.to_ne_bytes()); // sequence
    message.extend(0_u32.to_ne_bytes()); // from the kernel's point of view: this socket
    message.extend(info);
    for (kind, value) in attributes {
        message.extend(ATTRIBUTE.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(value);
    }
    message
}

/// Checks the error code of the answer; 0 acknowledges.
fn check(answer: &[u8]) -> io::Result<()> {
    let kind = answer
        .get(4..6)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u16::from_ne_bytes);
    let code = answer
        .get(HEADER..HEADER + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(ERROR), Some(0)) => Ok(()),
        (Some(ERROR), Some(code)) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests;
