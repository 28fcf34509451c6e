use std::sync::Arc;

use lazaret_net::{Roots, client_config};
use proptest::prelude::*;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::made::{hello, message, name, records};
use super::{Hello, HelloError, Sniffed, Spoken, asks_again, sniff};

/// The first message of a real client.
fn real(server: &str) -> Vec<u8> {
    let config = Arc::new(client_config(Roots::none()));
    let server = ServerName::try_from(server.to_owned()).unwrap();
    let mut client = ClientConnection::new(config, server).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

fn tls(sniffed: Sniffed) -> Hello {
    match sniffed {
        Sniffed::Is(Spoken::Tls(hello)) => hello,
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_is_http_only_with_a_version() {
    assert_eq!(sniff(b"GET / HTTP/1.1\r\n"), Sniffed::Is(Spoken::Http1));
    let lenient = b"\r\n\r\nget\t/ http/1.0\n";
    assert_eq!(sniff(lenient), Sniffed::Is(Spoken::Http1));
    let other = [
        &b"OPTIONS rtsp://x RTSP/1.0\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"CONNECT {\"verbose\":false}\r\n",
        &[0, 0, 0, 8, 4, 210, 22, 47],
        b"\x16\x01",
    ];
    for bytes in other {
        assert_eq!(sniff(bytes), Sniffed::Is(Spoken::Other), "{bytes:?}");
    }
    assert_eq!(sniff(b"GET / HT"), Sniffed::More);
    assert_eq!(sniff(&[b'a'; 16 * 1024]), Sniffed::Is(Spoken::Http1));
}

#[test]
fn http2_starts_with_its_whole_preface() {
    assert_eq!(sniff(b"PRI * HTTP/2.0\r\n\r\nSM"), Sniffed::More);
    let whole = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_eq!(sniff(whole), Sniffed::Is(Spoken::Http2));
}

#[test]
fn a_real_client_is_understood() {
    let bytes = real("Host.Test");
    let hello = tls(sniff(&bytes));
    assert_eq!(hello.server_name.as_deref(), Some("host.test"));
    assert!(!hello.encrypted);
    assert_eq!(hello.bytes, bytes.len());
    assert_eq!(tls(sniff(&real("127.0.0.1"))).server_name, None);
}

#[test]
fn a_message_may_be_cut_and_as_large_as_key_shares_are() {
    let share = vec![0; 20_000];
    let message = message(&[(51, &share), (0, &name("host.test"))]);
    for most in [1000, 1 << 14] {
        let mut bytes = records(&message, most);
        let whole = bytes.len();
        bytes.extend(b"early");
        for end in 1..whole {
            assert_eq!(sniff(&bytes[..end]), Sniffed::More, "{end}");
        }
        let hello = tls(sniff(&bytes));
        assert_eq!(
            (hello.bytes, hello.server_name),
            (whole, Some("host.test".to_owned()))
        );
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let faulty = |bytes: &[u8], expected| assert_eq!(sniff(bytes), Sniffed::Faulty(expected));
    let twice = [(0, &name("a.test")[..]), (0, &name("b.test")[..])];
    faulty(&records(&message(&twice), 999), HelloError::Malformed);
    let mut two = name("a.test");
    two.extend(&name("b.test")[2..]);
    two[1] = u8::try_from(two.len() - 2).unwrap();
    faulty(&records(&message(&[(0, &two)]), 999), HelloError::Malformed);
    faulty(&hello("a.test\0.b"), HelloError::Name);
    faulty(&hello("10.0.0.1"), HelloError::Name);
    faulty(&hello(""), HelloError::Name);
    faulty(&[22, 3, 1, 0, 1, 2], HelloError::NotHello);
    faulty(&[22, 3, 1, 0, 0, 22], HelloError::Malformed);
    faulty(&[22, 3, 1, 0, 4, 1, 1, 0, 0], HelloError::TooLong);
    let mut bytes = records(&message(&[]), 10);
    bytes[15] = 23;
    faulty(&bytes, HelloError::NotHello);
    let many = vec![0; 100];
    faulty(&records(&message(&[(51, &many)]), 1), HelloError::TooLong);
}

#[test]
fn a_hidden_message_is_noticed() {
    let name = name("host.test");
    let bytes = records(&message(&[(0, &name), (0xfe0d, &[0])]), 999);
    assert!(tls(sniff(&bytes)).encrypted);
}

#[test]
fn a_server_that_asks_again_is_noticed() {
    let mut bytes = vec![22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3];
    bytes.extend([7; 32]);
    assert_eq!(asks_again(&bytes), Some(false));
    assert_eq!(asks_again(&bytes[..20]), None);
    assert_eq!(asks_again(&[21, 3]), Some(false));
    bytes.truncate(11);
    let random =
        lazaret_values::unhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
    bytes.extend(random.unwrap());
    assert_eq!(asks_again(&bytes), Some(true));
}

proptest! {
    #[test]
    fn more_bytes_never_change_what_was_known(
        bytes in prop::collection::vec(prop::num::u8::ANY, 0..200),
        start in prop::sample::select(vec![&b""[..], b"GET ", b"PRI ", b"\x16\x03\x01", b"\x16\x03\x01\0\x20\x01"]),
    ) {
        let bytes = [start, &bytes].concat();
        let mut known = Sniffed::More;
        for end in 0..=bytes.len() {
            let now = sniff(&bytes[..end]);
            if known != Sniffed::More {
                prop_assert_eq!(&now, &known);
            }
            known = now;
        }
    }
}
