//! Writes keystores of Java, in the format JKS: what the JDK reads whatever its version.
//!
//! ```text
//! FEEDFEED  version 2  number of entries
//! each: tag 2 (a trusted certificate), alias, time in milliseconds, "X.509", length, DER
//! SHA-1 of password, "Mighty Aphrodite" and all of the above
//! ```
//! Numbers have the most significant byte first; texts have their length in two bytes. The source is
//! `sun.security.provider.JavaKeyStore` of OpenJDK.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The password that everybody knows.
const PASSWORD: &str = "changeit";
const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const TRUSTED: u32 = 2;
const SALT: &[u8] = b"Mighty Aphrodite";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A keystore with the certificates of a bundle (PEM). What is no certificate is left out.
pub(crate) fn write(bundle: &str) -> Vec<u8> {
    let certificates: Vec<Vec<u8>> = certificates(bundle).collect();
    let mut store = Vec::new();
    number(&mut store, MAGIC);
    number(&mut store, VERSION);
    number(
        &mut store,
        u32::try_from(certificates.len()).unwrap_or(u32::MAX),
    );
    for (position, certificate) in certificates.iter().enumerate() {
        number(&mut store, TRUSTED);
        text(&mut store, &format!("lazaret-{position}"));
        store.extend([0; 8]);
        text(&mut store, "X.509");
        number(
            &mut store,
            u32::try_from(certificate.len()).unwrap_or(u32::MAX),
        );
        store.extend(certificate);
    }
    let mut digest = sha1_smol::Sha1::new();
    for unit in PASSWORD.encode_utf16() {
        digest.update(&unit.to_be_bytes());
    }
    digest.update(SALT);
    digest.update(&store);
    store.extend(digest.digest().bytes());
    store
}

/// The certificates of a bundle, in DER.
fn certificates(bundle: &str) -> impl Iterator<Item = Vec<u8>> {
    let blocks = bundle.split(BEGIN).skip(1);
    blocks.filter_map(|block| decode(block.split_once(END)?.0))
}

/// Decodes Base64 in lines (RFC 7468); `None` for anything else.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.split_whitespace().collect();
    STANDARD.decode(digits).ok()
}

fn number(store: &mut Vec<u8>, value: u32) {
    store.extend(value.to_be_bytes());
}

fn text(store: &mut Vec<u8>, value: &str) {
    store.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
    store.extend(value.as_bytes());
}

#[cfg(test)]
mod tests;
