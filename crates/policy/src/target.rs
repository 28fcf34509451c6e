//! What is decided on.

use std::net::IpAddr;

/// The host of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name: lower case, without the final dot.
    Name(&'a str),
    /// A literal address.
    Address(IpAddr),
}

/// The end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// Its host.
    pub host: Host<'a>,
    /// Its TCP port.
    pub port: u16,
}

/// An HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method, as sent.
    pub method: &'a str,
    /// The path, as sent, without the query.
    pub path: &'a str,
}
