//! Connections to the world.

mod address;
mod race;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use lazaret_policy::RuleId;
use lazaret_values::Printable;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::desk::{Desk, Destination, Refusal};
use crate::dns::HOST;

/// How long looking a name up and connecting take at most.
const LIMIT: Duration = Duration::from_secs(20);

/// Makes permitted connections.
pub trait Dial: 'static {
    /// Looks the name up, checks every address that it has, and connects to one that may be used.
    ///
    /// # Errors
    /// A [`Refusal`]: no address, none that may be used, nobody answers.
    fn dial(&self, destination: &Destination) -> impl Future<Output = Result<TcpStream, Refusal>>;
}

/// Makes connections from the host, with its resolver. What it connects to is an address that it has
/// checked, never a name.
#[derive(Debug, Clone)]
pub struct HostDialer {
    desk: Rc<Desk>,
}

impl HostDialer {
    /// A dialer that uses private addresses where a rule of the desk names them.
    #[must_use]
    pub fn new(desk: Rc<Desk>) -> Self {
        Self { desk }
    }

    async fn addresses(&self, destination: &Destination) -> Result<Vec<IpAddr>, Refusal> {
        let given = destination.name.as_deref();
        if let Some(address) = given.and_then(|name| self.desk.address_of(name)) {
            return Ok(vec![address]);
        }
        match destination.name.as_deref() {
            None => Ok(vec![destination.address]),
            Some(HOST) => Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
            Some(name) => {
                let found = tokio::net::lookup_host((name, destination.port)).await;
                let found = found.map_err(|error| {
                    let reason = format!("{name} has no address: {}", words(&error));
                    refusal("builtin:unresolved", reason)
                })?;
                let mut addresses = Vec::new();
                for end in found {
                    if !addresses.contains(&end.ip()) {
                        addresses.push(end.ip());
                    }
                }
                if addresses.is_empty() {
                    let reason = format!("{name} has no address");
                    return Err(refusal("builtin:unresolved", reason));
                }
                Ok(addresses)
            }
        }
    }

    /// Keeps the addresses that may be used.
    fn permitted(
        &self,
        destination: &Destination,
        addresses: Vec<IpAddr>,
    ) -> Result<Vec<SocketAddr>, Refusal> {
        let mut refused = None;
        let mut denied = None;
        let mut permitted = Vec::new();
        for address in addresses {
            if let Some(rule) = self.desk.denies_address(destination, address) {
                denied = Some((address, rule));
                continue;
            }
            let kind = address::special(address)
                .or_else(|| address::is_own(address).then_some("one of the host itself"));
            match kind {
                Some(kind) if !self.desk.names_address(destination, address) => {
                    refused = Some((address, kind));
                }
                _ => permitted.push(SocketAddr::new(address, destination.port)),
            }
        }
        if !permitted.is_empty() {
            return Ok(permitted);
        }
        match (denied, refused) {
            (Some((address, rule)), _) => {
                let reason = format!("the policy denies {address}");
                Err(Refusal { rule, reason })
            }
            (None, Some((address, kind))) => {
                let subject = match &destination.name {
                    Some(name) => format!("{name} is at {address}, which is"),
                    None => format!("{address} is"),
                };
                let reason = format!("{subject} {kind}; a rule that names this address permits it");
                Err(refusal("builtin:private-address", reason))
            }
            (None, None) => Ok(permitted),
        }
    }
}

impl Dial for HostDialer {
    async fn dial(&self, destination: &Destination) -> Result<TcpStream, Refusal> {
        let connect = async {
            let addresses = self.addresses(destination).await?;
            let ends = self.permitted(destination, addresses)?;
            race::connect(&ends).await.map_err(|error| {
                let host = destination.host();
                let port = destination.port;
                let reason = format!("{host} port {port} does not answer: {}", words(&error));
                refusal("builtin:unreachable", reason)
            })
        };
        let stream = timeout(LIMIT, connect).await.unwrap_or_else(|_| {
            let seconds = LIMIT.as_secs();
            let reason = format!("{} did not answer in {seconds} s", destination.host());
            Err(refusal("builtin:unreachable", reason))
        })?;
        // Without these, the connection is only slower, or its end is noticed later.
        let _ = stream.set_nodelay(true);
        let _ = rustix::net::sockopt::set_socket_keepalive(&stream, true);
        Ok(stream)
    }
}

fn refusal(rule: &str, reason: String) -> Refusal {
    Refusal {
        rule: RuleId(rule.to_owned()),
        reason: Printable::new(&reason).to_string(),
    }
}

fn words(error: &io::Error) -> String {
    error.to_string()
}
