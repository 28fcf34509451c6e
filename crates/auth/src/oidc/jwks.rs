//! Parses JSON Web Key Sets (RFC 7517, RFC 7518, RFC 8037).

use serde::Deserialize;
use serde_json::Value;

use crate::jwt::{Fault, PublicKey, Unverified, decode};

/// Largest number of keys in a set.
const MOST: usize = 64;

/// The usable keys of an issuer, with their ids.
#[derive(Clone, Default)]
pub(super) struct KeySet(Vec<(Option<String>, PublicKey)>);

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

impl KeySet {
    /// Parses a set. Keys of other types and for other purposes are left out.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let set: Set = serde_json::from_slice(json).ok()?;
        let keys = set.keys.into_iter().take(MOST);
        Some(Self(
            keys.filter_map(|key| public(serde_json::from_value(key).ok()?))
                .collect(),
        ))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that signed the token: the one with its key id, or, when the token names no key, the
    /// only one that fits its algorithm.
    pub(super) fn find(&self, token: &Unverified<'_>) -> Result<&PublicKey, Fault> {
        let mut fitting = self.0.iter().filter(|(id, key)| {
            token.is_for(key.algorithm())
                && token
                    .key_id()
                    .is_none_or(|wanted| id.as_deref() == Some(wanted))
        });
        match (fitting.next(), fitting.next()) {
            (Some((_, key)), None) => Ok(key),
            _ => Err(Fault::Key),
        }
    }
}

fn public(key: Key) -> Option<(Option<String>, PublicKey)> {
    if key
        .purpose
        .as_deref()
        .is_some_and(|purpose| purpose != "sig")
    {
        return None;
    }
    let bytes = |text: &Option<String>| decode(text.as_deref()?);
    let curve = key.crv.as_deref();
    let public = match key.kty.as_str() {
        "RSA" => PublicKey::Rsa {
            modulus: significant(bytes(&key.n)?),
            exponent: significant(bytes(&key.e)?),
        },
        "EC" if curve == Some("P-256") => {
            let (x, y) = (bytes(&key.x)?, bytes(&key.y)?);
            if x.len() != 32 || y.len() != 32 {
                return None;
            }
            PublicKey::P256([vec![4], x, y].concat())
        }
        "OKP" if curve == Some("Ed25519") => {
            PublicKey::Ed25519(bytes(&key.x).filter(|x| x.len() == 32)?)
        }
        _ => return None,
    };
    let fits = |name: &str| name == public.algorithm().as_str();
    key.alg
        .as_deref()
        .is_none_or(fits)
        .then_some((key.kid, public))
}

/// Removes leading zeros of a number.
fn significant(bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}
