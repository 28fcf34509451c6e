//! Verifies passwords; the work is bounded and shared, and successes are remembered.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ring::hmac;
use tokio::sync::{Semaphore, watch};

use super::file::{File, Version};
use crate::error::Error;
use crate::limits::Bounded;
use crate::random;

/// Time for which a success is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Largest number of remembered successes.
const SUCCESSES: usize = 4096;
/// Largest number of verifications that run or wait; more are refused.
const WAITING: usize = 256;
/// Longest password, in bytes.
const LONGEST: usize = 1024;

type Tag = [u8; 32];

/// Users of an htpasswd file.
pub(crate) struct Passwords {
    shared: Arc<Shared>,
}

struct Shared {
    file: File,
    /// Key of the tags, which are worthless outside of this process.
    key: hmac::Key,
    threads: Semaphore,
    memory: Mutex<Memory>,
}

struct Memory {
    /// The time of each success.
    successes: Bounded<Tag, Duration>,
    /// Verifications under way.
    pending: HashMap<Tag, watch::Receiver<Option<bool>>>,
    /// The version of the file that the successes belong to.
    version: u64,
}

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
    /// Too many verifications are under way.
    Busy,
}

impl Passwords {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            shared: Arc::new(Shared {
                file: File::open(path)?,
                key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()),
                threads: Semaphore::new(threads.clamp(1, 4)),
                memory: Mutex::new(Memory {
                    successes: Bounded::new(SUCCESSES / 2),
                    pending: HashMap::new(),
                    version: 0,
                }),
            }),
        })
    }

    /// Verifies a login, together with equal ones at the same time. `before` runs if the password
    /// has to be hashed; its error is returned instead of a verdict.
    pub(crate) async fn verify<E>(
        &self,
        user: &str,
        password: &str,
        now: Duration,
        before: impl FnOnce() -> Result<(), E>,
    ) -> Result<Verdict, E> {
        if password.len() > LONGEST {
            before()?;
            return Ok(Verdict::Wrong);
        }
        let version = self.shared.version(now).await;
        let tag = self.shared.tag(version.number, user, password);
        let mut outcome = {
            let mut memory = self.shared.memory();
            if memory.is_success(version.number, &tag, now) {
                return Ok(Verdict::Right);
            }
            match memory.pending.get(&tag) {
                Some(outcome) => outcome.clone(),
                None => {
                    if memory.pending.len() >= WAITING {
                        return Ok(Verdict::Busy);
                    }
                    before()?;
                    let (sender, outcome) = watch::channel(None);
                    memory.pending.insert(tag, outcome.clone());
                    let login = Login {
                        version,
                        tag,
                        user: user.to_owned(),
                        password: password.to_owned(),
                        now,
                    };
                    // The task goes on when the client leaves, because others may wait for it.
                    tokio::spawn(login.run(Arc::clone(&self.shared), sender));
                    outcome
                }
            }
        };
        let verdict = outcome.wait_for(Option::is_some).await;
        Ok(match verdict.as_deref() {
            Ok(Some(true)) => Verdict::Right,
            Ok(_) => Verdict::Wrong,
            // The process is ending and has cut the verification off.
            Err(_) => Verdict::Busy,
        })
    }

    /// A text that stays the same as long as the user's password does; `None` when there is no such
    /// user.
    pub(crate) async fn proof(&self, user: &str, now: Duration) -> Option<String> {
        let version = self.shared.version(now).await;
        version.users.hash(user).map(|hash| {
            let digest = ring::digest::digest(&ring::digest::SHA256, hash.as_text().as_bytes());
            crate::jwt::encode(&digest.as_ref()[..16])
        })
    }
}

impl Shared {
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current users.
    async fn version(self: &Arc<Self>, now: Duration) -> Version {
        if !self.file.is_due(now) {
            return self.file.known();
        }
        let shared = Arc::clone(self);
        tokio::task::spawn_blocking(move || shared.file.current(now))
            .await
            .unwrap_or_else(|_| self.file.known())
    }

    fn tag(&self, version: u64, user: &str, password: &str) -> Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&version.to_be_bytes());
        context.update(&(user.len() as u64).to_be_bytes());
        context.update(user.as_bytes());
        context.update(password.as_bytes());
        let mut tag = Tag::default();
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

impl Memory {
    fn is_success(&mut self, version: u64, tag: &Tag, now: Duration) -> bool {
        if version > self.version {
            self.version = version;
            self.successes.clear();
        }
        self.successes
            .get(tag)
            .is_some_and(|when| now.abs_diff(*when) < REMEMBERED)
    }
}

/// A running verification.
struct Login {
    version: Version,
    tag: Tag,
    user: String,
    password: String,
    now: Duration,
}

impl Login {
    async fn run(self, shared: Arc<Shared>, sender: watch::Sender<Option<bool>>) {
        let Self {
            version,
            tag,
            user,
            password,
            now,
        } = self;
        let permit = shared.threads.acquire().await;
        let number = version.number;
        let verified =
            tokio::task::spawn_blocking(move || version.users.verify(&user, &password)).await;
        drop(permit);
        let right = verified.unwrap_or(false);
        let mut memory = shared.memory();
        memory.pending.remove(&tag);
        if right && number >= memory.version {
            memory.successes.put(tag, now);
        }
        drop(memory);
        sender.send_replace(Some(right));
    }
}
