//! One password hash: bcrypt or argon2.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};

/// Longest hash, in bytes.
const LONGEST: usize = 512;
/// Highest cost of bcrypt: about 3 seconds per login.
const MOST_COST: u32 = 15;
/// Largest memory of argon2, in KiB; every login under way takes it.
const MOST_MEMORY: u32 = 256 * 1024;
/// Largest number of passes of argon2.
const MOST_PASSES: u32 = 16;
/// Largest number of lanes of argon2.
const MOST_LANES: u32 = 16;

/// A hash that is slow enough to protect a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Hash {
    Bcrypt(String),
    Argon2(Box<PasswordHash>),
}

impl Hash {
    /// Parses a hash; the error names the rule that it breaks and never repeats the hash.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("the hash is too long");
        }
        if ["$2y$", "$2b$", "$2a$"].iter().any(|p| text.starts_with(p)) {
            return bcrypt_hash(text);
        }
        if ["$argon2id$", "$argon2i$"]
            .iter()
            .any(|p| text.starts_with(p))
        {
            return argon2_hash(text);
        }
        Err(if text.starts_with("$apr1$") || text.starts_with("$1$") {
            "MD5 hashes can be guessed fast; use bcrypt (htpasswd -B) or argon2id"
        } else if text.starts_with("{SHA}") {
            "SHA-1 hashes can be guessed fast; use bcrypt (htpasswd -B) or argon2id"
        } else if text.starts_with("$5$") || text.starts_with("$6$") || text.starts_with("$y$") {
            "crypt hashes are not supported; use bcrypt (htpasswd -B) or argon2id"
        } else if text.starts_with("$argon2d$") {
            "argon2d is not for passwords; use argon2id"
        } else {
            "it is neither bcrypt nor argon2; use bcrypt (htpasswd -B) or argon2id"
        })
    }

    /// Whether the password is right. Slow, so it must not be called in async threads.
    pub(super) fn verify(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Argon2(hash) => Argon2::default()
                .verify_password(password.as_bytes(), hash.as_ref())
                .is_ok(),
        }
    }

    /// A text that changes when a new password is set.
    pub(super) fn as_text(&self) -> String {
        match self {
            Self::Bcrypt(hash) => hash.clone(),
            Self::Argon2(hash) => hash.to_string(),
        }
    }
}

fn bcrypt_hash(text: &str) -> Result<Hash, &'static str> {
    let parts: bcrypt::HashParts = text
        .parse()
        .map_err(|_| "the bcrypt hash is damaged or cut off")?;
    if !(4..=MOST_COST).contains(&parts.get_cost()) {
        return Err("the cost of the bcrypt hash is not between 4 and 15");
    }
    Ok(Hash::Bcrypt(text.to_owned()))
}

fn argon2_hash(text: &str) -> Result<Hash, &'static str> {
    let wrong = "the argon2 hash is damaged or cut off";
    let hash = PasswordHash::new(text).map_err(|_| wrong)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(wrong);
    }
    let parameters = argon2::Params::try_from(&hash).map_err(|_| wrong)?;
    if parameters.m_cost() > MOST_MEMORY
        || parameters.t_cost() > MOST_PASSES
        || parameters.p_cost() > MOST_LANES
    {
        return Err("the argon2 hash takes more than 256 MiB, 16 passes or 16 lanes");
    }
    Ok(Hash::Argon2(Box::new(hash)))
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash(..)")
    }
}
