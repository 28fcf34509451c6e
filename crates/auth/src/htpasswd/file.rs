//! Reads the htpasswd file, again whenever it changes.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lazaret_files::open_regular;
use lazaret_values::Chain;

use super::users::Users;
use crate::error::Error;

/// Time between checks for a change of the file.
const LOOK: Duration = Duration::from_secs(1);
/// Age below which a change of the file may not yet show in its times.
const SETTLED: Duration = Duration::from_secs(2);
/// Largest file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// An htpasswd file and its users.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    version: Version,
    stamp: Option<Stamp>,
    looked: Duration,
    complained: bool,
}

/// One version of the users; `number` counts how often the file was read.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) users: Arc<Users>,
}

/// The metadata by which a change of the file is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl File {
    /// Reads the file.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let (users, stamp) = read(path)?;
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(State {
                version: Version {
                    number: 0,
                    users: Arc::new(users),
                },
                stamp,
                looked: Duration::ZERO,
                complained: false,
            }),
        })
    }

    /// The current users. When the file cannot be read or is invalid, the users of the last
    /// version. May read the file, so it must not be called in async threads.
    pub(crate) fn current(&self, now: Duration) -> Version {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.abs_diff(state.looked) < LOOK {
            return state.version.clone();
        }
        state.looked = now;
        let stamp = fs::metadata(&self.path).map(|metadata| Stamp::of(&metadata));
        if state.stamp.is_some() && stamp.as_ref().ok() == state.stamp.as_ref() {
            return state.version.clone();
        }
        match read(&self.path) {
            Ok((users, stamp)) => {
                state.stamp = stamp;
                state.complained = false;
                state.version = Version {
                    number: state.version.number + 1,
                    users: Arc::new(users),
                };
            }
            Err(error) => {
                if !state.complained {
                    tracing::error!(
                        error = %Chain(&error),
                        "the users stay as they were"
                    );
                }
                state.complained = true;
            }
        }
        state.version.clone()
    }

    /// The users as last read.
    pub(crate) fn known(&self) -> Version {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.version.clone()
    }

    /// Whether the file is due to be checked for a change.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        now.abs_diff(state.looked) >= LOOK
    }
}

/// Reads the users, and the stamp of the file if the file is old enough for its times to show a
/// change.
fn read(path: &Path) -> Result<(Users, Option<Stamp>), Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = open_regular(path).map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    if before.len() > LARGEST {
        return Err(failed(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it has more than 16 MiB",
        )));
    }
    let mut text = String::new();
    (&mut file)
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let after = fs::metadata(path).map_err(failed)?;
    let users = Users::parse(&text).map_err(|source| Error::Htpasswd {
        path: path.to_owned(),
        source,
    })?;
    let age = after
        .modified()
        .ok()
        .and_then(|modified| SystemTime::now().duration_since(modified).ok());
    let settled = age.is_some_and(|age| age > SETTLED);
    let stamp = Stamp::of(&after);
    let stamp = (settled && stamp == Stamp::of(&before)).then_some(stamp);
    Ok((users, stamp))
}
