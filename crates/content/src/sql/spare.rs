//! A file that holds room on the database's disk, and gives it back when the disk is full.
//!
//! A deletion frees room, but is written to the database first. On a disk that anybody has filled to
//! the last byte it could not be.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use lazaret_files::free_bytes;

/// Size of the file in bytes: what the log of the database is cut to.
const SIZE: u64 = 16 * 1024 * 1024;
/// Free bytes below which the file goes.
const LITTLE: u64 = SIZE / 4;
/// Bytes that are written at a time.
const PIECE: usize = 64 * 1024;

/// The file beside a database.
#[derive(Debug)]
pub(super) struct Spare {
    path: PathBuf,
    folder: PathBuf,
    is_there: AtomicBool,
}

impl Spare {
    /// The file at `path`, which need not exist.
    pub(super) fn new(path: PathBuf) -> Self {
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        Self {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            is_there: AtomicBool::new(path.exists()),
            path,
        }
    }

    /// Removes the file when hardly anything else is free.
    pub(super) fn yield_room(&self) {
        if !self.is_there.load(Ordering::Relaxed)
            || free_bytes(&self.folder).is_none_or(|free| free >= LITTLE)
        {
            return;
        }
        self.is_there.store(false, Ordering::Relaxed);
        match fs::remove_file(&self.path) {
            Ok(()) => tracing::warn!(
                path = %self.path.display(),
                "the disk is full: the room held for deletions is used now"
            ),
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "failed to free room");
            }
        }
    }

    /// Makes the file, if the disk has room for it beside `reserve` bytes that stay free.
    pub(super) fn hold_room(&self, reserve: u64) {
        let least = SIZE.saturating_add(reserve).saturating_add(SIZE);
        if self.is_there.load(Ordering::Relaxed)
            || free_bytes(&self.folder).is_none_or(|free| free < least)
        {
            return;
        }
        match self.write() {
            Ok(()) => self.is_there.store(true, Ordering::Relaxed),
            Err(error) => {
                let _ = fs::remove_file(&self.path);
                tracing::warn!(%error, path = %self.path.display(), "failed to hold room for deletions");
            }
        }
    }

    /// Writes zeros, as not every file system can set room aside.
    fn write(&self) -> std::io::Result<()> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&self.path)?;
        let piece = vec![0; PIECE];
        for _ in 0..SIZE / PIECE as u64 {
            file.write_all(&piece)?;
        }
        Ok(())
    }
}
