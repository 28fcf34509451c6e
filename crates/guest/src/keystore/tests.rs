use super::*;

/// The bytes 0 to 2 as a block, which is no certificate, but this module does not look into them.
const BUNDLE: &str = "# one\n-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n\
    -----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n\
    -----BEGIN CERTIFICATE-----\nAw\n==\n-----END CERTIFICATE-----\n";

#[test]
fn a_keystore_has_the_blocks_of_a_bundle_and_a_digest() {
    let store = write(BUNDLE);
    let mut expected = vec![0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 2];
    for (alias, content) in [(b"lazaret-0", &[0, 1, 2][..]), (b"lazaret-1", &[3])] {
        expected.extend([0, 0, 0, 2, 0, 9]);
        expected.extend(alias);
        expected.extend([0; 8]);
        expected.extend(b"\0\x05X.509\0\0\0");
        expected.push(u8::try_from(content.len()).unwrap());
        expected.extend(content);
    }
    let (content, digest) = store.split_at(store.len() - 20);
    assert_eq!(content, expected);
    // printf '\0c\0h\0a\0n\0g\0e\0i\0t' and the rest through sha1sum.
    let mut hash = sha1_smol::Sha1::from(b"\0c\0h\0a\0n\0g\0e\0i\0tMighty Aphrodite");
    hash.update(content);
    assert_eq!(digest, hash.digest().bytes());
}

#[test]
fn what_never_ends_is_no_certificate() {
    assert_eq!(
        certificates("-----BEGIN CERTIFICATE-----\nAAEC\n").count(),
        0
    );
}
