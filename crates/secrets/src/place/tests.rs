use super::Place;

fn place(host: &str, ports: &[u16]) -> Place {
    Place {
        host: host.to_owned(),
        ports: ports.to_vec(),
    }
}

#[test]
fn a_domain_has_what_is_below_it() {
    let below = place("*.example.com", &[]);
    assert!(below.has_host("a.example.com"));
    assert!(below.has_host("A.B.Example.COM."));
    for other in [
        "example.com",
        ".example.com",
        "aexample.com",
        "a.example.com.evil",
    ] {
        assert!(!below.has_host(other), "{other}");
    }
    assert!(place("api.test", &[]).has_host("API.test."));
    assert!(!place("api.test", &[]).has_host("x.api.test"));
}

#[test]
fn a_place_contains_what_is_not_wider() {
    let wide = place("*.example.com", &[443, 8443]);
    assert!(wide.contains(&place("a.example.com", &[])));
    assert!(wide.contains(&place("*.example.com", &[8443])));
    assert!(wide.contains(&place("*.b.example.com", &[])));
    for other in [
        place("example.com", &[]),
        place("*.com", &[]),
        place("a.example.com", &[80]),
        place("a.example.com", &[443, 80]),
    ] {
        assert!(!wide.contains(&other), "{other}");
    }
    assert!(!place("a.example.com", &[]).contains(&wide));
    assert!(place("a.test", &[]).contains(&place("a.test", &[443])));
}
