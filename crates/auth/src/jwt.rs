//! JSON Web Tokens in the compact form (RFC 7515, RFC 7519), signed with asymmetric keys.
//!
//! A key determines the algorithm that it is used with; the algorithm in the token's header must
//! agree. `none` and shared secrets are not supported. Key ids are only compared; URLs of keys in
//! tokens are never fetched.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// Longest token, in bytes.
pub(super) const LONGEST: usize = 16 * 1024;
/// Largest difference between clocks that is tolerated.
const LEEWAY: Duration = Duration::from_secs(60);

/// The claims of a token.
pub(super) type Claims = Map<String, Value>;

/// The reason that a token is not accepted. It contains nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Fault {
    #[error("it is no token")]
    Form,
    #[error("its kind is not the one expected here")]
    Type,
    #[error("its signature is made in a way that is not accepted")]
    Algorithm,
    #[error("it is signed with an unknown key")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    Early,
    #[error("it is for another audience")]
    Audience,
    #[error("it is from another issuer")]
    Issuer,
    #[error("it lacks a claim that is needed, or has it in another form")]
    Claim,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Algorithm {
    EdDsa,
    Es256,
    Rs256,
}

impl Algorithm {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A key that verifies signatures.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// An Ed25519 key of 32 bytes.
    Ed25519(Vec<u8>),
    /// An uncompressed point on P-256, of 65 bytes.
    P256(Vec<u8>),
    /// An RSA key: big-endian numbers without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl PublicKey {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let outcome = match self {
            Self::Ed25519(key) => signature::UnparsedPublicKey::new(&signature::ED25519, key)
                .verify(message, signature),
            Self::P256(key) => {
                signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key)
                    .verify(message, signature)
            }
            Self::Rsa { modulus, exponent } => signature::RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        outcome.map_err(|_| Fault::Signature)
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// A token whose signature is not verified yet. It may only be used to find the key.
#[derive(Debug, Clone)]
pub(super) struct Unverified<'a> {
    header: Header,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Fault> {
        if token.len() > LONGEST {
            return Err(Fault::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(Fault::Form)?;
        let header: Header = json(header)?;
        // Critical extensions (RFC 7515, section 4.1.11): none is supported.
        if header.crit.is_some() {
            return Err(Fault::Form);
        }
        Ok(Self {
            header,
            claims: json(claims)?,
            signed,
            signature: decode(signature).ok_or(Fault::Form)?,
        })
    }

    /// The issuer that the token claims (`iss`).
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// The id of the key that the token names (`kid`).
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The type that the token claims (`typ`).
    pub(super) fn kind(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.header.alg == algorithm.as_str()
    }

    /// Verifies the signature and the times; returns the claims.
    pub(super) fn verify(self, key: &PublicKey, now: SystemTime) -> Result<Claims, Fault> {
        if !self.is_for(key.algorithm()) {
            return Err(Fault::Algorithm);
        }
        key.verify(self.signed.as_bytes(), &self.signature)?;
        check_times(&self.claims, now)?;
        Ok(self.claims)
    }
}

fn check_times(claims: &Claims, now: SystemTime) -> Result<(), Fault> {
    let now = since_epoch(now).as_secs();
    let ends = time(claims, "exp")?.ok_or(Fault::Claim)?;
    if now >= ends.saturating_add(LEEWAY.as_secs()) {
        return Err(Fault::Expired);
    }
    for claim in ["nbf", "iat"] {
        if time(claims, claim)?.is_some_and(|starts| starts > now.saturating_add(LEEWAY.as_secs()))
        {
            return Err(Fault::Early);
        }
    }
    Ok(())
}

/// Reads a `NumericDate`, in whole seconds.
fn time(claims: &Claims, name: &str) -> Result<Option<u64>, Fault> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_f64().filter(|n| (0.0..=1e15).contains(n));
            // The number is in range, so only a fraction is lost.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            number.map(|n| Some(n as u64)).ok_or(Fault::Claim)
        }
    }
}

/// The time at which the token expires (`exp`).
pub(super) fn expiry(claims: &Claims) -> Option<SystemTime> {
    let ends = time(claims, "exp").ok()??;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(ends))
}

/// Whether the token has one of these audiences (`aud`).
pub(super) fn has_audience(claims: &Claims, mut accepted: impl FnMut(&str) -> bool) -> bool {
    match claims.get("aud") {
        Some(Value::String(audience)) => accepted(audience),
        Some(Value::Array(audiences)) => audiences.iter().filter_map(Value::as_str).any(accepted),
        _ => false,
    }
}

/// Time since 1970.
pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// Base64url without padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Fault> {
    let bytes = decode(part).ok_or(Fault::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Form)
}
