use std::sync::Arc;

use lazaret_net::{Roots, client_config};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConnection};

use super::{Authority, MOST_LEAVES, Offer};

/// Whether a client that wants `said` takes what the authority has for `signed`.
fn takes(authority: &Authority, signed: &str, said: &str) -> bool {
    takes_trusting(&authority.certificate_pem(), authority, signed, said)
}

/// Speaks TLS in memory; whether the client takes it that trusts this certificate.
fn takes_trusting(trusted: &str, authority: &Authority, signed: &str, said: &str) -> bool {
    let mut roots = Roots::none();
    roots.add_pem(trusted.as_bytes()).unwrap();
    let name = ServerName::try_from(said.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client_config(roots)), name).unwrap();
    let config = authority.server(signed, Offer::Both).unwrap();
    let mut server = ServerConnection::new(config).unwrap();
    for _ in 0..4 {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        if server.process_new_packets().is_err() {
            return false;
        }
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut bytes.as_slice()).unwrap();
        if client.process_new_packets().is_err() {
            return false;
        }
    }
    !client.is_handshaking() && !server.is_handshaking()
}

#[test]
fn a_client_takes_a_certificate_for_what_it_has_asked_for() {
    let authority = Authority::new().unwrap();
    let long = format!("{}.host.test", "a".repeat(63));
    for name in [
        "host.test",
        "under_score.test",
        "192.0.2.1",
        "2001:db8::1",
        &long,
    ] {
        assert!(takes(&authority, name, name), "{name}");
    }
    assert!(!takes(&authority, "host.test", "other.test"));
    assert!(!takes(&authority, "192.0.2.1", "192.0.2.2"));
}

#[test]
fn an_authority_goes_on_in_another_process() {
    let pem = Authority::generate().unwrap();
    for _ in 0..2 {
        let authority = Authority::from_pem(&pem).unwrap();
        let trusted = &pem.certificate;
        assert!(takes_trusting(
            trusted,
            &authority,
            "host.test",
            "host.test"
        ));
    }
    let other = Authority::new().unwrap();
    assert!(!takes_trusting(
        &pem.certificate,
        &other,
        "host.test",
        "host.test"
    ));
}

#[test]
fn certificates_are_kept_but_not_without_bound() {
    let authority = Authority::new().unwrap();
    let first = authority.leaf("host0.test").unwrap();
    let again = authority.leaf("host0.test").unwrap();
    assert!(Arc::ptr_eq(&first.resolver, &again.resolver));
    for number in 1..=MOST_LEAVES {
        authority.leaf(&format!("host{number}.test")).unwrap();
    }
    let leaves = authority.leaves.borrow();
    assert_eq!(leaves.by_name.len(), MOST_LEAVES);
    assert_eq!(leaves.order.len(), MOST_LEAVES);
    assert!(!leaves.by_name.contains_key("host0.test"));
}
