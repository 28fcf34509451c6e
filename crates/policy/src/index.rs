//! From a host to the rules that name it, without a look at the others.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::host::{HostPattern, masked};

/// The rules by host, as indices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    names: HashMap<String, Vec<usize>>,
    /// By the domain that the names are below of.
    domains: HashMap<String, Vec<usize>>,
    ipv4: Vec<Networks>,
    ipv6: Vec<Networks>,
    everything: Vec<usize>,
}

/// The networks of one size.
#[derive(Debug, Clone)]
struct Networks {
    bits: u8,
    rules: HashMap<u128, Vec<usize>>,
}

impl Index {
    /// Adds a rule.
    pub(crate) fn add(&mut self, host: &HostPattern, rule: usize) {
        let rules = match host {
            HostPattern::Name(name) => self.names.entry(name.clone()).or_default(),
            HostPattern::Below(domain) => self.domains.entry(domain.clone()).or_default(),
            HostPattern::Everything => &mut self.everything,
            HostPattern::Network(network) => {
                let sizes = match network.address {
                    IpAddr::V4(_) => &mut self.ipv4,
                    IpAddr::V6(_) => &mut self.ipv6,
                };
                let place = sizes.iter().position(|size| size.bits == network.bits);
                let place = place.unwrap_or_else(|| {
                    sizes.push(Networks {
                        bits: network.bits,
                        rules: HashMap::new(),
                    });
                    sizes.len() - 1
                });
                sizes[place].rules.entry(network.key()).or_default()
            }
        };
        rules.push(rule);
    }

    /// The rules that name a name.
    pub(crate) fn of_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> {
        let parents = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
        let below = parents.filter_map(|domain| self.domains.get(domain));
        let found = self.names.get(name).into_iter().chain(below);
        found.chain([&self.everything]).flatten().copied()
    }

    /// The rules that name an address, which is no IPv4 in IPv6.
    pub(crate) fn of_address(&self, address: IpAddr) -> impl Iterator<Item = usize> {
        self.naming(address).chain(self.everything.iter().copied())
    }

    /// The rules that name an address by itself or by a network.
    pub(crate) fn naming(&self, address: IpAddr) -> impl Iterator<Item = usize> {
        let sizes = match address {
            IpAddr::V4(_) => &self.ipv4,
            IpAddr::V6(_) => &self.ipv6,
        };
        let found = sizes
            .iter()
            .filter_map(move |size| size.rules.get(&masked(address, size.bits)));
        found.flatten().copied()
    }
}
