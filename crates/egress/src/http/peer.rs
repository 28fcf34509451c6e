//! Who a connection is with, and whether a request means the same.

use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Version};
use rustls::pki_types::ServerName;

use crate::desk::Destination;
use crate::refuse::{Fault, Kind};
use crate::sniff::host_name;

/// Who a connection is with.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Where it goes.
    pub(crate) destination: Destination,
    /// The name by which the server is verified; `None` without TLS.
    pub(crate) secure: Option<ServerName<'static>>,
    /// Whether every host may be asked for: a rule names the address itself.
    pub(crate) any_host: bool,
}

/// What a request is for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The host as the server is told.
    pub(super) authority: Authority,
    /// The path with the query.
    pub(super) path: PathAndQuery,
}

impl Peer {
    /// The scheme of its URLs.
    pub(super) fn scheme(&self) -> Scheme {
        match self.secure {
            Some(_) => Scheme::HTTPS,
            None => Scheme::HTTP,
        }
    }

    /// What a request is for, if it is for this peer.
    ///
    /// # Errors
    /// It is for another one, or for two.
    pub(super) fn target(&self, request: &Parts) -> Result<Target, Fault> {
        if request.method == Method::CONNECT {
            let reason = "CONNECT would hide where the connection goes; connect to the host itself";
            return Err(Fault::builtin(Kind::Refused, "connect", reason));
        }
        // A server that obeys it sends the request back, with what was put into it.
        if matches!(request.method.as_str(), "TRACE" | "TRACK") {
            let reason = "TRACE would show what the boundary adds to a request";
            return Err(Fault::builtin(Kind::Refused, "trace", reason));
        }
        let mut said = Vec::new();
        if let Some(authority) = request.uri.authority() {
            said.push(authority.clone());
        }
        let hosts: Vec<_> = request.headers.get_all(HOST).iter().collect();
        if hosts.len() > 1 {
            return Err(malformed("the request has more than one Host"));
        }
        for host in hosts {
            said.push(authority(host)?);
        }
        if let Some(scheme) = request.uri.scheme()
            && *scheme != self.scheme()
        {
            return Err(malformed(
                "the scheme of the request is not that of the connection",
            ));
        }
        let [first, rest @ ..] = said.as_slice() else {
            return Err(self.without_host(request.version));
        };
        if rest.iter().any(|other| !same(first, other)) {
            return Err(malformed("the request names two hosts"));
        }
        self.check(first)?;
        Ok(Target {
            authority: first.clone(),
            path: request
                .uri
                .path_and_query()
                .cloned()
                .unwrap_or_else(|| PathAndQuery::from_static("/")),
        })
    }

    /// Whether a host is the one that the connection is with.
    fn check(&self, authority: &Authority) -> Result<(), Fault> {
        if self.any_host {
            return Ok(());
        }
        let host = authority.host();
        let destination = &self.destination;
        let port = match authority.port() {
            Some(port) => port.as_u16() == destination.port,
            None => authority.as_str() == host,
        };
        let host_is = match &destination.name {
            Some(name) => host_name(host).as_ref() == Some(name),
            None => {
                let bare = host
                    .strip_prefix('[')
                    .and_then(|host| host.strip_suffix(']'));
                bare.unwrap_or(host).parse() == Ok(destination.address)
            }
        };
        if port && host_is {
            return Ok(());
        }
        let reason = format!(
            "the request is for {}, but the connection is with {}:{}",
            lazaret_values::Printable::excerpt(authority.as_str()),
            destination.host(),
            destination.port
        );
        Err(Fault::builtin(Kind::Refused, "host-mismatch", reason))
    }

    fn without_host(&self, version: Version) -> Fault {
        let reason = format!("the request over {version:?} does not say which host it is for");
        Fault::builtin(Kind::Refused, "no-host", reason)
    }
}

fn malformed(reason: &str) -> Fault {
    Fault::builtin(Kind::Malformed, "malformed", reason)
}

/// The host of a header, without a user.
fn authority(host: &HeaderValue) -> Result<Authority, Fault> {
    let parsed = Authority::try_from(host.as_bytes());
    parsed
        .ok()
        .filter(|authority| !authority.as_str().contains('@'))
        .ok_or_else(|| malformed("Host is not a host"))
}

/// Whether two authorities are one.
fn same(one: &Authority, other: &Authority) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}
