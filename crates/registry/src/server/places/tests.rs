use super::*;

#[test]
fn an_address_has_so_many_places_and_gets_them_back() {
    let places = Arc::new(Places::default());
    let address = "192.0.2.1".parse().unwrap();
    let first = places.take(address, 2).unwrap();
    let _second = places.take(address, 2).unwrap();
    assert!(places.take(address, 2).is_none());
    // The same host in the form of IPv6 sockets.
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
