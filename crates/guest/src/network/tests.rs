use super::*;

#[test]
fn every_field_has_its_place() {
    let parsed = parse("10.0.2.15::10.0.2.2:255.255.0.0:box:eth7:off:10.0.2.3:1.1.1.1");
    assert_eq!(
        parsed.unwrap().unwrap(),
        Settings {
            address: Ipv4Addr::new(10, 0, 2, 15),
            prefix: 16,
            gateway: Some(Ipv4Addr::new(10, 0, 2, 2)),
            hostname: Some("box".into()),
            device: Some("eth7".into()),
            resolvers: vec![Ipv4Addr::new(10, 0, 2, 3), Ipv4Addr::new(1, 1, 1, 1)],
        }
    );
    let parsed = parse("10.0.2.15::10.0.2.2").unwrap().unwrap();
    assert_eq!((parsed.prefix, parsed.resolvers), (24, Vec::new()));
}

#[test]
fn what_gives_no_address_is_left_to_the_image() {
    for value in ["dhcp", "off", "on", ":::::eth0:dhcp", ""] {
        assert_eq!(parse(value).unwrap(), None, "{value}");
    }
}

#[test]
fn nonsense_is_refused() {
    for value in [
        "10.0.2.300:",
        "10.0.2.15::nowhere",
        "10.0.2.15:::255.0.255.0",
        "10.0.2.15:::0.0.0.255",
        "10.0.2.15:::::::dns",
    ] {
        parse(value).unwrap_err();
    }
}

#[test]
fn the_first_interface_but_loopback_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    for (name, index) in [("lo", "1\n"), ("eth1", "3\n"), ("eth0", "2\n")] {
        let interface = folder.path().join(name);
        std::fs::create_dir(&interface).unwrap();
        std::fs::write(interface.join("ifindex"), index).unwrap();
    }
    let find = |wanted| find_interface(folder.path(), wanted);
    assert_eq!(find(None), Some(("eth0".into(), 2)));
    assert_eq!(find(Some("eth1")), Some(("eth1".into(), 3)));
    assert_eq!(find(Some("eth9")), None);
}

#[test]
fn resolvers_take_the_place_of_a_link_to_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resolv.conf");
    std::os::unix::fs::symlink("/nowhere/stub", &path).unwrap();
    write_resolvers(&path, &[Ipv4Addr::new(10, 0, 2, 3)]).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "nameserver 10.0.2.3\n"
    );
    assert!(!path.is_symlink());
}
