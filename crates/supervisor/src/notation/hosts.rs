//! Names of hosts with their addresses, as `--add-host` takes them.

use std::net::{IpAddr, Ipv4Addr};

/// Reads `NAME:ADDRESS`; the address may be `host-gateway`, the loopback of this host.
///
/// # Errors
/// What is wrong, in words.
pub fn added_host(text: &str) -> Result<(String, IpAddr), String> {
    let parts = text.split_once([':', '=']);
    let (name, address) = parts.ok_or("expected NAME:ADDRESS")?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err("a name has letters, digits, '-', '.' and '_'".to_owned());
    }
    let address = match address {
        "host-gateway" => IpAddr::from(Ipv4Addr::LOCALHOST),
        address => {
            let bare = address
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            let parsed = bare.unwrap_or(address).parse();
            parsed.map_err(|_| format!("'{address}' is no address"))?
        }
    };
    Ok((name.trim_end_matches('.').to_ascii_lowercase(), address))
}

#[cfg(test)]
mod tests;
