//! A blob that is being fetched: a sparse file, the bytes of it that are present, and whether its
//! digest was found right.
//!
//! ```text
//! open --write*--> open --settle(good)--> good: its last piece may be sent
//!   \------------fail------------------/--> failed: its readers are cut
//! ```

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lazaret_content::Claim;
use lazaret_files::{random_hex, try_flock};
use lazaret_oci::{Digest, Hasher, Repository};
use rustix::fs::FlockOperation;
use tokio::sync::watch;

use super::files::{Files, recorded, write_record};
use super::ranges::Ranges;
use crate::Error;

/// The distance of [`Partial::begin_fetch`] for who fetches the whole.
pub(super) const WHOLE: u64 = u64::MAX;
/// Largest piece that is read at once, in bytes.
const PIECE: u64 = 256 * 1024;
/// Bytes that are written between two records of what is present.
const RECORD: u64 = 8 * 1024 * 1024;

/// A blob of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) repository: Repository,
    pub(crate) digest: Digest,
}

impl Key {
    /// The name of its files: the same blob of another repository has others, because it may be
    /// another's secret.
    fn name(&self) -> String {
        let text = format!("{}@{}", self.repository, self.digest);
        Digest::of(text.as_bytes()).hex().to_owned()
    }
}

/// What is known of the whole.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Bytes are missing, or their digest is not known yet.
    Open,
    /// All bytes are here, and their digest is right.
    Good,
    /// It will not be finished.
    Failed(Error),
}

/// A fetch that is under way.
#[derive(Debug, Clone)]
struct Fetching {
    number: u64,
    rest: Range<u64>,
}

struct State {
    present: Ranges,
    fetching: Vec<Fetching>,
    numbers: u64,
    /// The hash of the first `hashed` bytes.
    hasher: Hasher,
    hashed: u64,
    unrecorded: u64,
    /// Whether bytes came from an earlier process.
    is_resumed: bool,
    /// Whether the whole is being fetched.
    is_filling: bool,
    /// Whether parts wait for the whole, because one of them failed.
    is_deferring: bool,
    /// Number of times that all bytes were forgotten.
    life: u64,
    verdict: Verdict,
}

/// A blob that is being fetched.
pub(crate) struct Partial {
    pub(crate) key: Key,
    pub(crate) size: u64,
    /// The claim under which it is fetched. It is recorded with the bytes: a later process that has
    /// the files need not wait until the claim of the earlier one ends.
    pub(super) claim: Claim,
    file: File,
    content: PathBuf,
    record: PathBuf,
    state: Mutex<State>,
    /// Held while content is written.
    writing: Mutex<()>,
    /// Held while the record is written.
    recording: Mutex<()>,
    changes: watch::Sender<u64>,
}

impl Partial {
    /// Opens the files of a blob in `folder`, or makes them. What an earlier process has fetched is
    /// present. While another process has them open, this one has files of its own.
    pub(crate) fn open(folder: &Path, key: Key, size: u64) -> Result<Self, Error> {
        let name = key.name();
        let shared = Files::open(folder, &name)?;
        let (files, known) = match shared {
            Some(files) => {
                let known = recorded(&files.record, &files.content, size);
                (files, known)
            }
            None => {
                let own = format!("{name}-{}", random_hex(8));
                let files = Files::open(folder, &own)?.ok_or(Error::Stopped)?;
                (files, None)
            }
        };
        let (present, claim) = known.unwrap_or_else(|| (Ranges::default(), Claim::random()));
        let Files {
            file,
            content,
            record,
        } = files;
        if present.total() == 0 {
            file.set_len(0)
                .map_err(lazaret_files::io("empty", &content))?;
        }
        Ok(Self {
            state: Mutex::new(State {
                is_resumed: present.total() > 0,
                present,
                fetching: Vec::new(),
                numbers: 0,
                hasher: Hasher::new(key.digest.algorithm()),
                hashed: 0,
                unrecorded: 0,
                is_filling: false,
                is_deferring: false,
                life: 0,
                verdict: Verdict::Open,
            }),
            key,
            size,
            claim,
            file,
            content,
            record,
            writing: Mutex::new(()),
            recording: Mutex::new(()),
            changes: watch::Sender::new(0),
        })
    }

    /// Goes on after a failure: what is present stays. `false` when that is wrong.
    pub(crate) fn revive(&self) -> bool {
        let mut state = self.state();
        match state.verdict {
            Verdict::Failed(Error::Integrity { .. }) => return false,
            Verdict::Failed(_) => state.verdict = Verdict::Open,
            Verdict::Open | Verdict::Good => {}
        }
        true
    }

    /// Path of the file with the content.
    pub(crate) fn content(&self) -> &Path {
        &self.content
    }

    /// A receiver of changes: bytes came, or the verdict did.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What is known of the whole.
    pub(crate) fn verdict(&self) -> Verdict {
        self.state().verdict.clone()
    }

    /// End of the present bytes from `offset` on; `None` when that byte is absent.
    pub(crate) fn end_of(&self, offset: u64) -> Option<u64> {
        self.state().present.end_of(offset)
    }

    /// Number of present bytes.
    pub(crate) fn present(&self) -> u64 {
        self.state().present.total()
    }

    /// Whether nobody fills it yet; from now on the caller does.
    pub(crate) fn begin_filling(&self) -> bool {
        !std::mem::replace(&mut self.state().is_filling, true)
    }

    /// Number of times that all bytes were forgotten: what was read in an earlier life is not the
    /// beginning of what is read now.
    pub(crate) fn life(&self) -> u64 {
        self.state().life
    }

    /// Begins to fetch the first part of `within` that is absent and that no other fetch will
    /// bring. `near`: a fetch that is at most this many bytes before a byte will bring it soon.
    pub(crate) fn begin_fetch(&self, within: Range<u64>, near: u64) -> Next {
        let mut state = self.state();
        let Some(mut hole) = state.present.first_hole(within) else {
            return Next::Nothing;
        };
        if state.is_deferring && near != WHOLE {
            return Next::Wait;
        }
        for other in &state.fetching {
            let rest = &other.rest;
            if rest.contains(&hole.start) && hole.start - rest.start <= near {
                return Next::Wait;
            }
            if rest.start > hole.start && rest.start < hole.end {
                hole.end = rest.start;
            }
        }
        state.numbers += 1;
        let number = state.numbers;
        state.fetching.push(Fetching {
            number,
            rest: hole.clone(),
        });
        Next::Fetch(number, hole)
    }

    /// Ends a fetch.
    pub(crate) fn end_fetch(&self, number: u64) {
        self.state().fetching.retain(|other| other.number != number);
        self.changed();
    }

    /// Writes bytes that a fetch brought, as far as they are absent: what another fetch has brought
    /// may be hashed already, and need not be the same. Returns whether the next bytes are still
    /// absent. Blocks.
    pub(crate) fn write(&self, number: u64, offset: u64, bytes: &Bytes) -> io::Result<bool> {
        let end = offset + bytes.len() as u64;
        let written = {
            let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let holes = self.state().present.holes(offset..end);
            let mut written = Vec::with_capacity(holes.len());
            for hole in holes {
                let start = usize::try_from(hole.start - offset).map_err(io::Error::other)?;
                let stop = usize::try_from(hole.end - offset).map_err(io::Error::other)?;
                self.file.write_all_at(&bytes[start..stop], hole.start)?;
                written.push((hole, bytes.slice(start..stop)));
            }
            self.count(number, end, written)
        };
        self.changed();
        let (is_absent, record) = written;
        if let Some(present) = record {
            self.write_record(&present)?;
        }
        Ok(is_absent)
    }

    /// Takes note of written bytes. Returns whether the next ones are absent, and what to record
    /// when that is due.
    fn count(
        &self,
        number: u64,
        end: u64,
        written: Vec<(Range<u64>, Bytes)>,
    ) -> (bool, Option<Ranges>) {
        let mut state = self.state();
        for (hole, bytes) in written {
            if state.hashed == hole.start {
                state.hasher.update(&bytes);
                state.hashed = hole.end;
            }
            state.unrecorded += hole.end - hole.start;
            state.present.insert(hole);
        }
        for other in &mut state.fetching {
            if other.number == number {
                other.rest.start = end;
            }
        }
        let is_due = state.unrecorded >= RECORD;
        if is_due {
            state.unrecorded = 0;
        }
        let is_absent = end < self.size && state.present.end_of(end).is_none();
        (is_absent, is_due.then(|| state.present.clone()))
    }

    /// Records what is present for a later process. Blocks.
    pub(crate) fn record(&self) -> io::Result<()> {
        let present = {
            let mut state = self.state();
            state.unrecorded = 0;
            state.present.clone()
        };
        self.write_record(&present)
    }

    fn write_record(&self, present: &Ranges) -> io::Result<()> {
        let _turn = self
            .recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        write_record(&self.record, self.size, present, &self.claim)
    }

    /// Whether all bytes are here and have the digest. What is not hashed yet is read. Blocks.
    pub(crate) fn verify(&self) -> io::Result<bool> {
        let (mut hasher, mut hashed) = {
            let mut state = self.state();
            let fresh = Hasher::new(self.key.digest.algorithm());
            let hashed = std::mem::replace(&mut state.hashed, u64::MAX);
            (std::mem::replace(&mut state.hasher, fresh), hashed)
        };
        while hashed < self.size {
            let piece = self.read(hashed..self.size)?;
            hasher.update(&piece);
            hashed += piece.len() as u64;
        }
        Ok(hasher.finish() == self.key.digest)
    }

    /// Whether what is present of these bytes is the same. Blocks.
    pub(crate) fn agrees(&self, offset: u64, bytes: &Bytes) -> io::Result<bool> {
        let end = offset + bytes.len() as u64;
        let mut at = offset;
        while at < end {
            let hole = self.state().present.first_hole(at..end);
            let present = hole.as_ref().map_or(end, |hole| hole.start);
            if present == at {
                at = hole.map_or(end, |hole| hole.end);
                continue;
            }
            let piece = self.read(at..present)?;
            let start = usize::try_from(at - offset).map_err(io::Error::other)?;
            if bytes[start..start + piece.len()] != piece[..] {
                return Ok(false);
            }
            at += piece.len() as u64;
        }
        Ok(true)
    }

    /// Reads the first piece of a range whose bytes are present. Blocks for the disk.
    pub(crate) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let length = (range.end - range.start).min(PIECE);
        let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut piece, range.start)?;
        Ok(piece.into())
    }

    /// Forgets all bytes, to fetch them again; `false` when none came from an earlier process, so
    /// that the upstream's own are wrong.
    pub(crate) fn begin_again(&self) -> bool {
        let is_resumed = std::mem::take(&mut self.state().is_resumed);
        if is_resumed {
            self.forget();
        }
        is_resumed
    }

    /// Forgets all bytes.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.present = Ranges::default();
        state.hasher = Hasher::new(self.key.digest.algorithm());
        state.hashed = 0;
        state.life += 1;
    }

    /// Gives the lock of the file up: it is somebody else's now. Blocks.
    pub(crate) fn unlock(&self) {
        // A lock that stays ends with the last reader.
        let _ = try_flock(&self.file, FlockOperation::NonBlockingUnlock, &self.content);
    }

    /// Says that the digest is right.
    pub(crate) fn settle(&self) {
        self.state().verdict = Verdict::Good;
        self.changed();
    }

    /// Says that the whole will not be finished. Who reads what is right already goes on.
    pub(crate) fn fail(&self, error: Error) {
        let mut state = self.state();
        state.is_filling = false;
        state.is_deferring = false;
        if !matches!(state.verdict, Verdict::Good) {
            state.verdict = Verdict::Failed(error);
        }
        drop(state);
        self.changed();
    }

    /// Says that a part was not fetched; `false` when the whole is being fetched, which brings that
    /// part, too.
    pub(crate) fn fail_part(&self, error: &Error) -> bool {
        let mut state = self.state();
        if state.is_filling {
            state.is_deferring = true;
            return false;
        }
        drop(state);
        self.fail(error.clone());
        true
    }

    /// Removes its files. Those who read go on. Blocks.
    pub(crate) fn remove(&self) {
        // A file that stays is removed when it is old.
        let _ = fs::remove_file(&self.record);
        let _ = fs::remove_file(&self.content);
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to do for some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// All are present.
    Nothing,
    /// A fetch will bring the first of them.
    Wait,
    /// Fetch this range, under this number.
    Fetch(u64, Range<u64>),
}

impl std::fmt::Debug for Partial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partial")
            .field("key", &self.key)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
