//! Tests of `signature`. The keys of OpenSSL are tried in `tests/packs`.

use super::*;

/// A key as OpenSSL writes it: PKCS #8 without the public half (RFC 8410, section 10.3).
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
/// Its public half, from the same document.
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn keys_are_those_of_the_standard() {
    let private = Key::read(file(PRIVATE).path()).unwrap();
    let public = PublicKey::read(file(PUBLIC).path()).unwrap();
    assert_eq!(private.public(), public);
    assert_eq!(PublicKey::read(file(PRIVATE).path()).unwrap(), public);
    let of_standard = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    assert_eq!(public.to_string(), of_standard);
    for text in [
        "",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        PUBLIC,
    ] {
        assert!(Key::read(file(text).path()).is_err(), "{text}");
    }
    assert!(PublicKey::read(file("none").path()).is_err());
}

#[test]
fn a_signature_is_for_one_digest() {
    let key = Key::read(file(PRIVATE).path()).unwrap();
    let bytes = key.sign(&[1; 32]);
    assert_eq!(bytes, key.sign(&[1; 32]), "it is always the same");
    let signature = Signature::parse(&bytes, &[1; 32]).unwrap();
    assert_eq!(*signature.key(), key.public());
    assert!(Signature::parse(&bytes, &[2; 32]).is_err());
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Signature::parse(&changed, &[1; 32]).is_err(), "bit {bit}");
    }
}
