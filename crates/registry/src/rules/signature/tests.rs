use super::*;

#[test]
fn keys_of_other_kinds_are_refused() {
    for pem in [
        "",
        "no key",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        assert!(VerifyingKey::from_pem(pem.as_bytes()).is_err(), "{pem}");
    }
}
