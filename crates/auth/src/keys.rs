//! The keys that sign and verify the registry's own tokens.

use std::fs;
use std::io;
use std::path::Path;

use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde_json::json;

use crate::error::Error;
use crate::jwt::{Algorithm, Claims, Fault, PublicKey, Unverified, encode};
use crate::random;

/// Largest key file, in bytes.
const MAX_KEY_BYTES: u64 = 1 << 20;

/// The bytes of an Ed25519 `SubjectPublicKeyInfo` before the key itself (RFC 8410).
const ED25519_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// The same for an uncompressed point on P-256 (RFC 5480).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The signing key, and all keys whose signatures are accepted.
pub(super) struct Keys {
    signer: Signer,
    id: String,
    believed: Vec<(String, PublicKey)>,
}

enum Signer {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Keys {
    /// Reads the signing key, and further keys whose signatures are accepted. Without a file a new
    /// signing key is made, which is lost with this value.
    pub(super) fn read<'a>(
        signing: Option<&Path>,
        believed: impl Iterator<Item = &'a Path>,
    ) -> Result<Self, Error> {
        let signer = match signing {
            Some(path) => Signer::read(path)?,
            None => Signer::generate(),
        };
        let public = signer.public();
        let id = key_id(&public);
        let mut keys = vec![(id.clone(), public)];
        for path in believed {
            let public = read_public(path)?;
            keys.push((key_id(&public), public));
        }
        Ok(Self {
            signer,
            id,
            believed: keys,
        })
    }

    /// Signs claims. `kind` becomes the header's `typ`.
    pub(super) fn sign(&self, kind: &str, claims: &Claims) -> String {
        let header = json!({"alg": self.signer.algorithm().as_str(), "kid": self.id, "typ": kind});
        let claims = serde_json::to_vec(claims).expect("a JSON object can be written");
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(&claims)
        );
        let signature = self.signer.sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }

    /// The key that the token names.
    pub(super) fn of(&self, token: &Unverified<'_>) -> Result<&PublicKey, Fault> {
        let id = token.key_id().ok_or(Fault::Key)?;
        self.believed
            .iter()
            .find(|(have, _)| have == id)
            .map(|(_, key)| key)
            .ok_or(Fault::Key)
    }

    #[cfg(test)]
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    #[cfg(test)]
    pub(super) fn public(&self) -> &PublicKey {
        &self.believed[0].1
    }
}

impl Signer {
    fn generate() -> Self {
        let seed = random::bytes::<32>();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        Self::Ed25519(pair.expect("any 32 bytes are a seed of Ed25519"))
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason| Error::Key {
            path: path.to_owned(),
            reason,
        };
        let pem = read_pem(path)?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| {
            wrong("it holds no private key in PKCS #8; convert it with 'openssl pkcs8 -topk8 -nocrypt'")
        })?;
        Self::parse(key.secret_pkcs8_der())
            .ok_or_else(|| wrong("its key is neither Ed25519 nor on P-256"))
    }

    fn parse(pkcs8: &[u8]) -> Option<Self> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8) {
            return Some(Self::Ed25519(pair));
        }
        EcdsaKeyPair::from_pkcs8(
            &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            pkcs8,
            &SystemRandom::new(),
        )
        .ok()
        .map(Self::P256)
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(pair) => PublicKey::Ed25519(pair.public_key().as_ref().to_vec()),
            Self::P256(pair) => PublicKey::P256(pair.public_key().as_ref().to_vec()),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::P256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .expect("signing fails only without random bytes")
                .as_ref()
                .to_vec(),
        }
    }
}

/// Reads a public key, or the public half of a private key.
fn read_public(path: &Path) -> Result<PublicKey, Error> {
    let pem = read_pem(path)?;
    if let Ok(info) = SubjectPublicKeyInfoDer::from_pem_slice(&pem) {
        let bytes: &[u8] = info.as_ref();
        if let Some(key) = bytes
            .strip_prefix(&ED25519_PREFIX)
            .filter(|k| k.len() == 32)
        {
            return Ok(PublicKey::Ed25519(key.to_vec()));
        }
        if let Some(key) = bytes.strip_prefix(&P256_PREFIX).filter(|k| k.len() == 65) {
            return Ok(PublicKey::P256(key.to_vec()));
        }
        return Err(Error::Key {
            path: path.to_owned(),
            reason: "its key is neither Ed25519 nor on P-256",
        });
    }
    Signer::read(path).map(|signer| signer.public())
}

fn read_pem(path: &Path) -> Result<Vec<u8>, Error> {
    lazaret_files::read_regular(path, MAX_KEY_BYTES).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

/// The id of a key, derived from the key.
fn key_id(key: &PublicKey) -> String {
    let bytes = match key {
        PublicKey::Ed25519(bytes) | PublicKey::P256(bytes) => bytes,
        PublicKey::Rsa { modulus, .. } => modulus,
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    encode(&digest.as_ref()[..12])
}

/// Makes a key in a file that only its owner reads, unless the file is there. When two processes
/// start at once, both use the key of the first.
pub(super) fn ensure(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| failed(io::Error::other("the system gives no random bytes")))?;
    let pem = pem(document.as_ref());
    lazaret_files::add(path, pem.as_bytes(), 0o600).map_err(|error| failed(error.source))
}

/// A private key as PEM.
fn pem(pkcs8: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
