//! Signatures of packs: Ed25519 (RFC 8032), which gives the same bytes for the same pack.
//!
//! What is signed is the text `lazaret pack v1`, a line feed, and the 32 bytes of the manifest's digest.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Largest key file, in bytes.
const LARGEST_KEY: u64 = 64 << 10;
const ALGORITHM: &str = "ed25519";
const CONTEXT: &[u8] = b"lazaret pack v1\n";
/// The bytes of an Ed25519 `SubjectPublicKeyInfo` before the key itself (RFC 8410).
const PUBLIC_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A key that signs.
pub struct Key(Ed25519KeyPair);

/// A key by which signatures are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// A checked signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
}

/// The encoded form, members sorted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    algorithm: String,
    key: String,
    signature: String,
}

impl Key {
    /// Reads a private key: PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// [`Error::Key`], [`Error::Io`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let der = pem(&text(path)?, "PRIVATE KEY");
        let pair = der.and_then(|der| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok());
        pair.map(Self).ok_or_else(|| Error::Key {
            path: path.to_owned(),
            reason: "expected a private Ed25519 key in PEM (PKCS #8)",
        })
    }

    /// The key by which its signatures are checked.
    ///
    /// # Panics
    /// Never: public keys of Ed25519 have 32 bytes.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref().try_into();
        PublicKey(bytes.expect("an Ed25519 key has 32 bytes"))
    }

    /// Signs the digest of a manifest; returns the section.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> Vec<u8> {
        let signature = self.0.sign(&[CONTEXT, digest].concat());
        let document = Document {
            algorithm: ALGORITHM.to_owned(),
            key: self.public().to_string(),
            signature: lazaret_values::hex(signature.as_ref()),
        };
        serde_json::to_vec(&document).expect("texts become JSON")
    }
}

impl PublicKey {
    /// Reads a public key: `SubjectPublicKeyInfo` in PEM, as `openssl pkey -pubout` writes it. Of a file
    /// with a private key it is the public half.
    ///
    /// # Errors
    /// [`Error::Key`], [`Error::Io`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = text(path)?;
        if let Some(der) = pem(&text, "PUBLIC KEY")
            && let Some(key) = der.strip_prefix(&PUBLIC_PREFIX)
            && let Ok(key) = key.try_into()
        {
            return Ok(Self(key));
        }
        if pem(&text, "PRIVATE KEY").is_some() {
            return Ok(Key::read(path)?.public());
        }
        Err(Error::Key {
            path: path.to_owned(),
            reason: "expected a public Ed25519 key in PEM",
        })
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&lazaret_values::hex(&self.0))
    }
}

impl Signature {
    /// Reads the section, and checks the signature by the key that it names.
    pub(crate) fn parse(bytes: &[u8], digest: &[u8; 32]) -> Result<Self, &'static str> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|_| "it is not in its form")?;
        if serde_json::to_vec(&document).ok().as_deref() != Some(bytes) {
            return Err("it is not in its one form");
        }
        if document.algorithm != ALGORITHM {
            return Err("its algorithm is unknown");
        }
        let key: [u8; 32] = from_hex(&document.key).ok_or("its key is none")?;
        let signature: [u8; 64] = from_hex(&document.signature).ok_or("it is not in its form")?;
        UnparsedPublicKey::new(&ED25519, &key)
            .verify(&[CONTEXT, digest].concat(), &signature)
            .map_err(|_| "it is not one of this pack")?;
        Ok(Self {
            key: PublicKey(key),
        })
    }

    /// The key that it was made with.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

fn text(path: &Path) -> Result<String, Error> {
    let text = lazaret_files::read_regular_text(path, LARGEST_KEY);
    text.map_err(crate::error::io("read", path))
}

/// The content of the first block with this label (RFC 7468).
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (content, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let digits: String = content.split_ascii_whitespace().collect();
    STANDARD.decode(digits).ok()
}

/// Bytes of small hexadecimal digits: capitals would be another form of the same.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    lazaret_values::unhex_array(text).filter(|bytes| lazaret_values::hex(bytes) == text)
}

#[cfg(test)]
mod tests;
