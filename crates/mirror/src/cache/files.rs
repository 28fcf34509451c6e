//! The files of an unfinished blob: its content, and a record of what is present.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use lazaret_content::Claim;
use lazaret_files::{is_still_at, read_regular_text, try_flock};
use rustix::fs::FlockOperation;

use super::ranges::Ranges;
use crate::Error;

/// Largest record, in bytes.
const LARGEST_RECORD: u64 = 4 * 1024 * 1024;

/// The files of a blob, which are this process's as long as they are open.
pub(super) struct Files {
    pub(super) file: File,
    pub(super) content: PathBuf,
    pub(super) record: PathBuf,
}

impl Files {
    /// Opens the files of a name; `None` while another process has them open.
    pub(super) fn open(folder: &Path, name: &str) -> Result<Option<Self>, Error> {
        let content = folder.join(format!("{name}.data"));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&content)
            .map_err(lazaret_files::io("open", &content))?;
        let is_ours = try_flock(&file, FlockOperation::NonBlockingLockExclusive, &content)?;
        // It may have been stored, and its name with it, before the lock was taken.
        if !is_ours || !is_still_at(&file, &content)? {
            return Ok(None);
        }
        Ok(Some(Self {
            record: folder.join(format!("{name}.map")),
            file,
            content,
        }))
    }
}

/// What an earlier process has recorded; `None` when that does not fit.
pub(super) fn recorded(record: &Path, content: &Path, size: u64) -> Option<(Ranges, Claim)> {
    #[derive(serde::Deserialize)]
    struct Record {
        size: u64,
        present: Vec<(u64, u64)>,
        claim: String,
    }
    let text = read_regular_text(record, LARGEST_RECORD).ok()?;
    let read: Record = serde_json::from_str(&text).ok()?;
    let length = fs::metadata(content).ok()?.len();
    let mut present = Ranges::default();
    for (start, end) in read.present {
        if end > length.min(size) {
            return None;
        }
        present.insert(start..end);
    }
    (read.size == size).then(|| (present, Claim::again(read.claim)))
}

/// Records what is present for a later process, and under which claim. Blocks.
pub(super) fn write_record(
    record: &Path,
    size: u64,
    present: &Ranges,
    claim: &Claim,
) -> io::Result<()> {
    let ranges: Vec<(u64, u64)> = present.iter().map(|r| (r.start, r.end)).collect();
    let text = serde_json::json!({
        "size": size,
        "present": ranges,
        "claim": claim.as_str(),
    });
    let new = record.with_extension("new");
    fs::write(&new, text.to_string())?;
    fs::rename(&new, record)
}
