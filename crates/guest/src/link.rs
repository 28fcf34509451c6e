//! Brings up the network of a machine, as its host says.

use lazaret_protocol::Network;

use crate::error::{Context as _, Result};
use crate::{netlink, network};

/// Switches IPv6 off, where the kernel has it.
const NO_IPV6: &str = "/proc/sys/net/ipv6/conf/all/disable_ipv6";

/// Gives the network device its address, and everything else a way through it.
pub(crate) fn bring_up(network: &Network) -> Result<()> {
    let (name, index) = network::wait_for_interface(None)?;
    // Nothing outside answers IPv6, and what the kernel sends on its own would be told as refused.
    let _there_is_none = std::fs::write(NO_IPV6, "1");
    netlink::bring_up(index).context(|| format!("bring {name} up"))?;
    netlink::add_address(index, network.address, network.prefix)
        .context(|| format!("give {name} the address {}", network.address))?;
    netlink::add_default_route(index, network.gateway)
        .context(|| format!("route by {} on {name}", network.gateway))
}

/// The configuration of a resolver that asks the gateway.
pub(crate) fn resolver(network: &Network) -> String {
    format!("nameserver {}\noptions timeout:5\n", network.gateway)
}
