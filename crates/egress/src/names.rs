//! Names and the addresses that they have inside: each name gets one of a range at its first question and
//! keeps it, and no other name ever gets that address.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::rc::Rc;

/// The most names of a run.
const MOST: u32 = 16_384;
/// Addresses that end with 0 or 255 are left out: some systems take them for networks or for everybody.
const USED_OF_256: u32 = 254;

/// The bindings.
#[derive(Debug)]
pub(crate) struct Names {
    first: u32,
    bits: u8,
    /// Where the first name has its address, counted in addresses that are used. It differs from run to
    /// run, so that an address which a guest kept from an earlier run is most likely nobody's.
    start: u32,
    addresses: HashMap<Rc<str>, Ipv4Addr>,
    names: Vec<Rc<str>>,
}

impl Names {
    /// Nothing is bound in this range of between 8 and 24 bits.
    pub(crate) fn new((first, bits): (Ipv4Addr, u8), seed: u64) -> Self {
        let mask = u32::MAX << (32 - u32::from(bits));
        let mut names = Self {
            first: first.to_bits() & mask,
            bits,
            start: 0,
            addresses: HashMap::new(),
            names: Vec::new(),
        };
        let start = seed % u64::from(names.usable());
        names.start = u32::try_from(start).unwrap_or_default();
        names
    }

    /// Whether an address lies in the range.
    pub(crate) fn contains(&self, address: Ipv4Addr) -> bool {
        (address.to_bits() ^ self.first) >> (32 - u32::from(self.bits)) == 0
    }

    /// The name that has an address.
    pub(crate) fn name(&self, address: Ipv4Addr) -> Option<&str> {
        if !self.contains(address) {
            return None;
        }
        let offset = address.to_bits() - self.first;
        let (block, last) = (offset / 256, offset % 256);
        if last == 0 || last > USED_OF_256 {
            return None;
        }
        let usable = self.usable();
        let place = block * USED_OF_256 + last - 1;
        let number = (place + usable - self.start) % usable;
        self.names.get(number as usize).map(|name| &**name)
    }

    /// The address of a name, in lower case; `None` if there are too many names.
    pub(crate) fn bind(&mut self, name: &str) -> Option<Ipv4Addr> {
        if let Some(address) = self.addresses.get(name) {
            return Some(*address);
        }
        let usable = self.usable();
        let number = u32::try_from(self.names.len()).ok()?;
        if number >= usable.min(MOST) {
            return None;
        }
        let place = (self.start + number) % usable;
        let offset = place / USED_OF_256 * 256 + place % USED_OF_256 + 1;
        let address = Ipv4Addr::from_bits(self.first + offset);
        let name: Rc<str> = name.into();
        self.names.push(Rc::clone(&name));
        self.addresses.insert(name, address);
        Some(address)
    }

    fn usable(&self) -> u32 {
        (1 << (24 - u32::from(self.bits))) * USED_OF_256
    }
}
