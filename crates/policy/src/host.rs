//! The hosts that rules name.

use std::net::{IpAddr, Ipv6Addr};

use lazaret_values::Printable;

/// Longest name, in bytes (RFC 1035, section 2.3.4, without the final dot).
const LONGEST_NAME: usize = 253;
/// Longest label, in bytes.
const LONGEST_LABEL: usize = 63;

/// What a rule says of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum HostPattern {
    /// This name.
    Name(String),
    /// Every name below this one, at any depth.
    Below(String),
    /// The addresses of a network, or one address.
    Network(Network),
    /// Every name and address.
    Everything,
}

/// A network: an IPv4 address in an IPv6 one is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    /// Its lowest address.
    pub(crate) address: IpAddr,
    /// The bits that its addresses share.
    pub(crate) bits: u8,
}

impl Network {
    fn single(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            bits: width(address),
        }
    }

    /// Whether an address, which is no IPv4 in IPv6, is of this network.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && masked(address, self.bits) == self.key()
    }

    /// The bits that its addresses share, as [`masked`] has them.
    pub(crate) fn key(&self) -> u128 {
        masked(self.address, self.bits)
    }
}

impl HostPattern {
    /// Reads the `match` of a rule.
    ///
    /// # Errors
    /// The reason that it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        if let Some((address, bits)) = text.split_once('/') {
            return network(address, bits).map(Self::Network);
        }
        if let Some(address) = literal(text) {
            return Ok(Self::Network(Network::single(address)));
        }
        let (domain, is_below) = match text.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (text, false),
        };
        let name = host_name(domain).map_err(|reason| refusal(text, reason))?;
        Ok(match is_below {
            true => Self::Below(name),
            false => Self::Name(name),
        })
    }

    /// Whether every host that `other` names is one of this pattern's.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everything, _) => true,
            (Self::Below(domain), Self::Name(name) | Self::Below(name)) => {
                is_below(name, domain) || (self == other)
            }
            (Self::Network(own), Self::Network(other)) => {
                own.bits <= other.bits && own.contains(other.address)
            }
            _ => self == other,
        }
    }

    /// How exactly it names a host, to compare with other patterns that name the same one.
    pub(crate) fn exactness(&self) -> u16 {
        match self {
            Self::Everything => 0,
            Self::Below(domain) => u16::try_from(domain.len()).unwrap_or(u16::MAX - 1),
            Self::Network(network) => u16::from(network.bits) + 1,
            Self::Name(_) => u16::MAX,
        }
    }
}

/// Whether `name` is below `domain`, at any depth.
pub(crate) fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// The leading `bits` of an address, the others as zeros; of an IPv4 address, 32 bits are counted.
pub(crate) fn masked(address: IpAddr, bits: u8) -> u128 {
    let (number, width) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let dropped = width - u32::from(bits).min(width);
    number
        .checked_shr(dropped)
        .and_then(|kept| kept.checked_shl(dropped))
        .unwrap_or(0)
}

/// A name as it is compared: lower case, without the final dot.
///
/// # Errors
/// The reason that it is no name. One that ends in a number is read as an address by some.
pub(crate) fn host_name(text: &str) -> Result<String, &'static str> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    check_name(&name)?;
    Ok(name)
}

/// Checks a name that is in lower case and without the final dot.
///
/// # Errors
/// The reason that it is none.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if !name.is_ascii() {
        return Err("write a name with other letters as 'xn--...'");
    }
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err("a name has 1 to 253 characters");
    }
    let is_allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
    for label in name.split('.') {
        if label.is_empty() || label.len() > LONGEST_LABEL {
            return Err("a label has 1 to 63 characters");
        }
        if !label.bytes().all(is_allowed) || label.starts_with('-') || label.ends_with('-') {
            return Err("expected a host, '*.domain', an address, a network or '*'");
        }
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").unwrap_or("g");
    if last.bytes().all(|c| c.is_ascii_digit())
        || hexadecimal.bytes().all(|c| c.is_ascii_hexdigit())
    {
        return Err("a name does not end in a number, and this is no address");
    }
    Ok(())
}

/// A literal address, an IPv6 one also in brackets.
pub(crate) fn literal(text: &str) -> Option<IpAddr> {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

fn network(address: &str, bits: &str) -> Result<Network, String> {
    let text = format!("{address}/{bits}");
    let parsed = literal(address).ok_or_else(|| refusal(&text, "no network: its address"))?;
    let is_number = !bits.is_empty() && bits.bytes().all(|c| c.is_ascii_digit());
    // A number that begins with 0 is one of base 8 to some readers.
    let is_number = is_number && (bits == "0" || !bits.starts_with('0'));
    let bits = bits.parse::<u8>().ok().filter(|_| is_number);
    let bits = bits
        .filter(|bits| *bits <= width(parsed))
        .ok_or_else(|| refusal(&text, "no network: its bits"))?;
    if masked(parsed, bits) != masked(parsed, width(parsed)) {
        return Err(refusal(
            &text,
            "the address has bits beyond those of the network",
        ));
    }
    let address = parsed.to_canonical();
    // Of a network around the IPv4 addresses in IPv6, those are none.
    let embedded = parsed.is_ipv6() && address.is_ipv4();
    match embedded {
        true if bits >= 96 => Ok(Network {
            address,
            bits: bits - 96,
        }),
        _ => Ok(Network {
            address: parsed,
            bits,
        }),
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn refusal(text: &str, reason: &str) -> String {
    format!("'{}': {reason}", Printable::excerpt(text))
}
