//! How many connections there are, in all and of each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections of addresses. An IPv6 host has a /64 to itself and counts as one.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// A connection's place; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// A place for one more connection, unless the address has `most` already.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr, most: u32) -> Option<Place> {
        let address = host(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_insert(0);
        if *count >= most && !address.is_loopback() {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self
            .places
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// What counts as one host.
fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let places = Arc::new(Places::default());
        let address = "192.0.2.1".parse().unwrap();
        let first = places.take(address, 2).unwrap();
        let _second = places.take(address, 2).unwrap();
        assert!(places.take(address, 2).is_none());
        // The same host, as IPv6 sockets see it.
        assert!(
            places
                .take("::ffff:192.0.2.1".parse().unwrap(), 2)
                .is_none()
        );
        assert!(places.take("192.0.2.2".parse().unwrap(), 2).is_some());
        drop(first);
        assert!(places.take(address, 2).is_some());
    }

    #[test]
    fn an_ipv6_network_is_one_host() {
        let places = Arc::new(Places::default());
        let _one = places.take("2001:db8::1".parse().unwrap(), 1).unwrap();
        assert!(places.take("2001:db8::2".parse().unwrap(), 1).is_none());
        assert!(places.take("2001:db8:0:1::1".parse().unwrap(), 1).is_some());
    }

    #[test]
    fn loopback_has_no_limit_and_nothing_is_left_behind() {
        let places = Arc::new(Places::default());
        let loopback = "127.0.0.1".parse().unwrap();
        let both = [places.take(loopback, 1), places.take(loopback, 1)];
        assert!(both.iter().all(Option::is_some));
        drop(both);
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
