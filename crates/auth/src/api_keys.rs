//! Keys for programs: `lzr_<id>_<secret>`.
//!
//! The store keeps SHA-256 of the secret, which has 256 random bits: a slow hash would add
//! nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lazaret_content::{ApiKey, ApiKeys};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;

use crate::jwt;
use crate::limits::Bounded;
use crate::random;

/// The beginning of every key, so that scanners of leaked secrets can find it.
const PREFIX: &str = "lzr_";
/// Time for which a key that was looked up is not looked up again: so long may a revoked key
/// work.
const REMEMBERED: Duration = Duration::from_secs(5);
/// Keys that are remembered.
const KEYS: usize = 8192;

/// A new key: what the store keeps, and the text that its owner gets once.
///
/// `expires` is when it ends. Store it with [`ApiKeys::put_key`].
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

/// Id and secret of a key.
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

/// The keys of the store, remembered for a few seconds.
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

    /// The key that the text is, if it is one and has not ended.
    ///
    /// # Errors
    /// The store's.
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

    /// A key that has not ended.
    ///
    /// # Errors
    /// The store's.
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
