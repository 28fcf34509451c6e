//! Configures the network of a machine that boots from its own disk, from `ip=` on the kernel's
//! command line.
//!
//! The format is the kernel's own (`Documentation/admin-guide/nfs/nfsroot.rst`):
//! `ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS:DNS`. Distribution kernels read
//! it only to mount NFS, so this module applies it. Everything that `ip=` does not give - DHCP,
//! IPv6 - is left to the image.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::console;
use crate::error::{Context as _, Error, Result};
use crate::netlink;
use crate::parameters::Parameters;

const INTERFACES: &str = "/sys/class/net";
/// Time limit for a network device to appear.
const APPEARS_WITHIN: Duration = Duration::from_secs(10);

/// One interface, as `ip=` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Settings {
    address: Ipv4Addr,
    prefix: u8,
    gateway: Option<Ipv4Addr>,
    hostname: Option<String>,
    device: Option<String>,
    resolvers: Vec<Ipv4Addr>,
}

/// Brings up loopback, and one interface as the command line says.
pub(crate) fn bring_up() -> Result<()> {
    if let Err(error) = netlink::bring_up(netlink::LOOPBACK_INDEX) {
        console::say(&format!("cannot bring loopback up: {error}"));
    }
    let parameters = Parameters::of_kernel();
    let Some(value) = parameters.value("ip") else {
        console::say("no `ip=` on the kernel's command line: the network is left as it is");
        return Ok(());
    };
    let Some(settings) = parse(value)? else {
        console::say(&format!("`ip={value}` gives no address: left to the image"));
        return Ok(());
    };
    let (name, index) = wait_for_interface(settings.device.as_deref())?;
    netlink::bring_up(index).context(|| format!("bring {name} up"))?;
    netlink::add_address(index, settings.address, settings.prefix)
        .context(|| format!("give {name} the address {}", settings.address))?;
    if let Some(gateway) = settings.gateway {
        netlink::add_default_route(index, gateway)
            .context(|| format!("route by {gateway} on {name}"))?;
    }
    if let Some(hostname) = &settings.hostname {
        rustix::system::sethostname(hostname.as_bytes())
            .context(|| format!("set the host name to `{hostname}`"))?;
    }
    if !settings.resolvers.is_empty() {
        write_resolvers(Path::new("/etc/resolv.conf"), &settings.resolvers)?;
    }
    console::say(&format!(
        "{name} has {}/{}",
        settings.address, settings.prefix
    ));
    Ok(())
}

/// Parses the value of `ip=`; `None` when it has no address.
fn parse(value: &str) -> Result<Option<Settings>> {
    let refused = |reason| Error::Refused {
        field: "ip=",
        value: value.to_owned(),
        reason,
    };
    let fields: Vec<&str> = value.split(':').collect();
    let field = |position: usize| {
        fields
            .get(position)
            .copied()
            .filter(|text| !text.is_empty())
    };
    let address = |position, reason| {
        let parsed = field(position).map(|text| text.parse::<Ipv4Addr>());
        parsed.transpose().map_err(|_| refused(reason))
    };
    if fields.len() == 1 || field(0).is_none() {
        // For example `ip=dhcp`, `ip=off`, `ip=:::::eth0:dhcp`.
        return Ok(None);
    }
    let Some(client) = address(0, "its first field is no IPv4 address")? else {
        return Ok(None);
    };
    let netmask = address(3, "its fourth field is no netmask")?;
    let mask = netmask.unwrap_or(Ipv4Addr::new(255, 255, 255, 0)).to_bits();
    if mask.leading_ones() + mask.trailing_zeros() < u32::BITS {
        return Err(refused("its netmask has gaps"));
    }
    let resolvers = [
        address(7, "its eighth field is no IPv4 address")?,
        address(8, "its ninth field is no IPv4 address")?,
    ];
    Ok(Some(Settings {
        address: client,
        prefix: u8::try_from(mask.leading_ones()).unwrap_or(32),
        gateway: address(2, "its third field is no IPv4 address")?,
        hostname: field(4).map(str::to_owned),
        device: field(5).map(str::to_owned),
        resolvers: resolvers.into_iter().flatten().collect(),
    }))
}

/// Waits for the interface of this name, or for the first that is not loopback.
pub(crate) fn wait_for_interface(wanted: Option<&str>) -> Result<(String, u32)> {
    let deadline = Instant::now() + APPEARS_WITHIN;
    loop {
        if let Some(found) = find_interface(Path::new(INTERFACES), wanted) {
            return Ok(found);
        }
        if Instant::now() > deadline {
            return Err(Error::NoInterface {
                name: wanted.unwrap_or("any").to_owned(),
                seconds: APPEARS_WITHIN.as_secs(),
            });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn find_interface(folder: &Path, wanted: Option<&str>) -> Option<(String, u32)> {
    let interfaces = std::fs::read_dir(folder).ok()?.flatten();
    let found = interfaces.filter_map(|interface| {
        let index = std::fs::read_to_string(interface.path().join("ifindex")).ok()?;
        let index = index.trim().parse().ok()?;
        Some((interface.file_name().into_string().ok()?, index))
    });
    found
        .filter(|(name, index)| match wanted {
            Some(wanted) => name == wanted,
            None => *index != netlink::LOOPBACK_INDEX,
        })
        .min_by_key(|(_, index)| *index)
}

/// Replaces the file, which is often a dangling link, by a new one.
fn write_resolvers(path: &Path, resolvers: &[Ipv4Addr]) -> Result<()> {
    let text: String = resolvers
        .iter()
        .map(|resolver| format!("nameserver {resolver}\n"))
        .collect();
    let staged = path.with_extension("lazaret");
    std::fs::File::create(&staged)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&staged, path))
        .context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests;
