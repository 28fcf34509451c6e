use super::*;

fn set(names: &[&str]) -> Vec<Capabilities> {
    let sets = names.iter().map(|name| Capabilities::parse(name).unwrap());
    sets.collect()
}

#[test]
fn names_are_those_of_container_tools() {
    for text in ["NET_ADMIN", "CAP_NET_ADMIN", "cap_net_admin"] {
        let parsed = Capabilities::parse(text).unwrap();
        assert_eq!(parsed.bits(), 1 << 12);
        assert_eq!(parsed.names(), ["CAP_NET_ADMIN"]);
    }
    let last = Capabilities::parse("CHECKPOINT_RESTORE").unwrap();
    assert_eq!(last.bits(), 1 << 40);
    assert_eq!(Capabilities::ALL.names().len(), 41);
    for text in ["", "CAP_", "CAP_ALL", "NET", "CAP_CAP_NET_ADMIN"] {
        let error = Capabilities::parse(text).unwrap_err();
        assert!(error.to_string().contains("NET_BIND_SERVICE"), "{error}");
    }
    assert_eq!(Capabilities::of_bits(u64::MAX), Capabilities::ALL);
}

#[test]
fn sets_change_as_in_container_tools() {
    let base = Capabilities::of_bits(0b111);
    let check = |add: &[&str], drop: &[&str], expected: u64| {
        let changed = base.changed(&set(add), &set(drop));
        assert_eq!(changed.bits(), expected, "{add:?} {drop:?}");
    };
    check(&[], &[], 0b111);
    check(&["FOWNER"], &["CHOWN"], 0b1110);
    check(&["CHOWN"], &["CHOWN"], 0b111);
    check(&["CHOWN"], &["ALL"], 0b1);
    check(&[], &["ALL"], 0);
    check(&["ALL"], &["CHOWN"], Capabilities::ALL.bits() & !1);
    check(&["ALL"], &["ALL"], 0);
}
