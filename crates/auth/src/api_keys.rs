//! API keys, the passwords of programs: `lzr_<id>_<secret>`.
//!
//! The store keeps the SHA-256 of the secret. The secret has 256 random bits, so a slow hash would
//! not make it safer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lazaret_content::{ApiKey, ApiKeys};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;

use crate::jwt;
use crate::limits::Bounded;
use crate::random;

/// Prefix of every key, by which scanners can find leaked keys.
const PREFIX: &str = "lzr_";
/// Time for which a key is not looked up again in the store. A revoked key works at most that long.
const REMEMBERED: Duration = Duration::from_secs(5);
/// Largest number of remembered keys.
const KEYS: usize = 8192;

/// Makes a new key: the record for the store, and the text that its owner gets once.
///
/// `expires` is the time at which it ends. Store the record with [`ApiKeys::put_key`].
#[must_use]
pub fn new_key(
    user: &str,
    description: &str,
    now: SystemTime,
    expires: Option<SystemTime>,
) -> (ApiKey, String) {
    let id = random::hex::<8>();
    let secret = jwt::encode(&random::bytes::<32>());
    let text = format!("{PREFIX}{id}_{secret}");
    let key = ApiKey {
        id,
        user: user.to_owned(),
        secret_digest: hash(&secret),
        description: description.to_owned(),
        created: now,
        expires,
    };
    (key, text)
}

/// Whether the text has the form of a key.
pub(super) fn is_key(text: &str) -> bool {
    parse(text).is_some()
}

/// Splits a key into its id and its secret.
fn parse(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let fits = id.len() == 16 && id.bytes().all(hex) && (1..=128).contains(&secret.len());
    fits.then_some((id, secret))
}

fn hash(secret: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    bytes
}

/// Looks up keys in the store, and remembers them for a few seconds.
pub(super) struct Lookup {
    store: Arc<dyn ApiKeys>,
    seen: Mutex<Bounded<String, (Duration, Option<ApiKey>)>>,
}

impl Lookup {
    pub(super) fn new(store: Arc<dyn ApiKeys>) -> Self {
        Self {
            store,
            seen: Mutex::new(Bounded::new(KEYS / 2)),
        }
    }

    /// The key of this text; `None` when there is no such key or it has expired.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn verify(
        &self,
        text: &str,
        now: SystemTime,
    ) -> Result<Option<ApiKey>, lazaret_content::Error> {
        let Some((id, secret)) = parse(text) else {
            return Ok(None);
        };
        let secret = hash(secret);
        let key = self.by_id(id, now).await?;
        Ok(key.filter(|key| bool::from(key.secret_digest.ct_eq(&secret))))
    }

    /// The key with this id; `None` when there is no such key or it has expired.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn by_id(
        &self,
        id: &str,
        now: SystemTime,
    ) -> Result<Option<ApiKey>, lazaret_content::Error> {
        let time = jwt::since_epoch(now);
        let seen = self
            .seen()
            .get(&id.to_owned())
            .filter(|(when, _)| time.abs_diff(*when) < REMEMBERED)
            .map(|(_, key)| key.clone());
        let key = match seen {
            Some(key) => key,
            None => {
                let key = self.store.key(id).await?;
                self.seen().put(id.to_owned(), (time, key.clone()));
                key
            }
        };
        Ok(key.filter(|key| key.expires.is_none_or(|ends| now < ends)))
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Bounded<String, (Duration, Option<ApiKey>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
