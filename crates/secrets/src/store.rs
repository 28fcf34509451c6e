//! Which secrets there are, and their texts.
//!
//! One file, `{"version": 1, "secrets": {"openai/key": {...}}}`, of mode 0600, which is replaced as a whole
//! under a lock on `<file>.lock`. It says of every secret for which places it is and where its text is: in
//! the file, or in the system's keyring where one answered when it was stored.

mod file;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_files::{blocking, random_hex};
use lazaret_values::Secret;

use crate::kept::{Keeper, Kept, Kind, NewSecret};
use crate::keyring::Keyring;
use crate::{Error, Place, SecretName, Settings};
use file::{Content, Entry};

/// Bytes of the number by which one storing of a secret is told from the next.
const SERIAL_BYTES: usize = 8;
/// Longest time for another process to get its access token.
const TURN_WITHIN: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(20);

/// The secrets of a user. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    keyring: Option<Keyring>,
}

impl Store {
    /// The store of these settings. Its file need not exist yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            path: settings.file.clone(),
            keyring: Keyring::of(settings),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secrets, without their texts. Blocks for the disk.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn list(&self) -> Result<Vec<Kept>, Error> {
        let content = file::load(&self.path)?;
        Ok(content.secrets.into_iter().map(kept).collect())
    }

    /// What is known of a secret. Blocks for the disk.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn find(&self, name: &SecretName) -> Result<Option<Kept>, Error> {
        let entry = file::load(&self.path)?.secrets.remove_entry(name);
        Ok(entry.map(kept))
    }

    /// Stores a secret for these places, where it is sent in this form alone, and forgets what had this
    /// name; returns where its text is.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Keyring`]. What was stored before stays then.
    pub async fn put(
        &self,
        name: &SecretName,
        new: NewSecret,
        places: Vec<Place>,
        sent_as: &str,
    ) -> Result<Keeper, Error> {
        let (kind, text) = match new {
            NewSecret::Secret(secret) => (Kind::Secret, Some(secret)),
            NewSecret::OAuth(grant, token) => (Kind::OAuth(grant), Some(token)),
            NewSecret::Denied => (Kind::Denied, None),
        };
        let had = self.find(name)?;
        let keyring = match (&self.keyring, &text) {
            (Some(keyring), Some(_)) if keyring.answers().await => Some(keyring),
            _ => None,
        };
        let keeper = match (keyring, &text) {
            (Some(keyring), Some(text)) => {
                keyring.store(name, text).await?;
                Keeper::Keyring
            }
            (None, Some(_)) => Keeper::File,
            (_, None) => Keeper::Nobody,
        };
        let entry = Entry {
            kind,
            since: now(),
            places,
            sent_as: sent_as.to_owned(),
            keeper,
            serial: random_hex(SERIAL_BYTES),
            text: text.filter(|_| keeper == Keeper::File),
        };
        let key = name.clone();
        self.change(move |content| _ = content.secrets.insert(key, entry))
            .await?;
        if keeper != Keeper::Keyring && had.is_some_and(|had| had.keeper == Keeper::Keyring) {
            self.clear(name).await;
        }
        Ok(keeper)
    }

    /// Forgets a secret; `false` when there was none.
    ///
    /// # Errors
    /// [`Error::File`].
    pub async fn remove(&self, name: &SecretName) -> Result<bool, Error> {
        let Some(had) = self.find(name)? else {
            return Ok(false);
        };
        // From here on it is not handed out, whatever the keyring does.
        let key = name.clone();
        self.change(move |content| _ = content.secrets.remove(&key))
            .await?;
        if had.keeper == Keeper::Keyring {
            self.clear(name).await;
        }
        Ok(true)
    }

    /// The text of a secret that was found; `None` if it is not there any more.
    pub(crate) async fn reveal(&self, kept: &Kept) -> Result<Option<Secret>, Error> {
        match kept.keeper {
            Keeper::Nobody => Ok(None),
            Keeper::File => {
                let entry = file::load(&self.path)?.secrets.remove(&kept.name);
                let same = entry.filter(|entry| entry.serial == kept.serial);
                Ok(same.and_then(|entry| entry.text))
            }
            Keeper::Keyring => match &self.keyring {
                Some(keyring) => keyring.lookup(&kept.name).await,
                None => Err(Error::Keyring {
                    reason: "there is none in this session".to_owned(),
                }),
            },
        }
    }

    /// Replaces the refresh token of a grant; `false` when that was forgotten or replaced meanwhile.
    pub(crate) async fn rotate(&self, kept: &Kept, token: &Secret) -> Result<bool, Error> {
        let now = self.find(&kept.name)?;
        if now.is_none_or(|now| now.serial != kept.serial) {
            return Ok(false);
        }
        if kept.keeper == Keeper::Keyring {
            let Some(keyring) = &self.keyring else {
                return Ok(false);
            };
            keyring.store(&kept.name, token).await?;
            return Ok(true);
        }
        let (name, serial, token) = (kept.name.clone(), kept.serial.clone(), token.clone());
        self.change(move |content| match content.secrets.get_mut(&name) {
            Some(entry) if entry.serial == serial => {
                entry.text = Some(token);
                true
            }
            _ => false,
        })
        .await
    }

    /// Waits until no other process exchanges a refresh token; theirs may be another one by then. The turn
    /// ends when the file is dropped.
    pub(crate) async fn turn(&self) -> Result<File, Error> {
        let lock = file::lock_file(&self.path, "turn")?;
        let deadline = tokio::time::Instant::now() + TURN_WITHIN;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(std::fs::TryLockError::WouldBlock)
                    if tokio::time::Instant::now() < deadline =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    return Err(Error::File {
                        path: self.path.clone(),
                        reason: format!("another process exchanges a token: {error}"),
                    });
                }
            }
        }
    }

    /// A text that stays in the keyring is of no use without the entry: that it stays is no failure.
    async fn clear(&self, name: &SecretName) {
        if let Some(keyring) = &self.keyring
            && let Err(error) = keyring.clear(name).await
        {
            tracing::warn!(%name, %error, "not removed from the keyring");
        }
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Content) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let path = self.path.clone();
        blocking(move || file::change(&path, change)).await
    }
}

fn kept((name, entry): (SecretName, Entry)) -> Kept {
    Kept {
        name,
        kind: entry.kind,
        since: entry.since,
        places: entry.places,
        sent_as: entry.sent_as,
        keeper: entry.keeper,
        serial: entry.serial,
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}
