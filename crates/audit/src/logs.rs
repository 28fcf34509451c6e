//! The folder of the logs.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use lazaret_files::{children, io, open_regular, optional};

use crate::Error;
use crate::record::LONGEST_LINE;

const ENDING: &str = ".jsonl";
/// Digits of the number in the name of a part, so that names sort as numbers.
const DIGITS: usize = 20;

/// A folder with logs.
#[derive(Debug, Clone)]
pub struct Logs {
    folder: PathBuf,
}

/// A file of a log.
#[derive(Debug)]
pub(crate) struct PartFile {
    pub(crate) path: PathBuf,
    /// Number of its first line; `None` for the one that is written to.
    pub(crate) first: Option<u64>,
}

impl Logs {
    /// The logs in a folder, which need not exist.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a log that is written to.
    #[must_use]
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}{ENDING}"))
    }

    /// The ids of all logs, in their order.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn ids(&self) -> Result<Vec<String>, Error> {
        let mut ids: Vec<String> = children(&self.folder)?
            .iter()
            .filter_map(|path| Some(id_of(path.file_name()?.to_str()?)?.0.to_owned()))
            .collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// The first event of a log as it stands there, be it as it was written or not: to find a log by what
    /// it says of itself.
    #[must_use]
    pub fn first_event(&self, id: &str) -> Option<serde_json::Value> {
        let parts = parts(&self.folder, id).ok()?;
        let file = open_regular(&parts.first()?.path).ok()?;
        let mut line = Vec::new();
        let mut reader = BufReader::new(file).take(LONGEST_LINE as u64);
        reader.read_until(b'\n', &mut line).ok()?;
        let mut record: serde_json::Value = serde_json::from_slice(&line).ok()?;
        record.get_mut("event").map(serde_json::Value::take)
    }

    /// Bytes of a log, and when it was last written to.
    ///
    /// # Errors
    /// [`Error::Absent`], [`Error::Files`].
    pub fn size(&self, id: &str) -> Result<(u64, std::time::SystemTime), Error> {
        let (mut bytes, mut last) = (0, None);
        for part in parts(&self.folder, id)? {
            let data = optional(part.path.metadata(), "inspect", &part.path)?;
            if let Some(data) = data {
                bytes += data.len();
                last = last.max(data.modified().ok());
            }
        }
        match last {
            Some(last) => Ok((bytes, last)),
            None => Err(Error::Absent { id: id.to_owned() }),
        }
    }

    /// Removes a log with all its parts; `false` when there was none.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn remove(&self, id: &str) -> Result<bool, Error> {
        let parts = parts(&self.folder, id)?;
        for part in &parts {
            let removed = std::fs::remove_file(&part.path);
            optional(removed, "remove", &part.path)?;
        }
        Ok(!parts.is_empty())
    }

    /// The name of a part that is not written to any more.
    pub(crate) fn part(&self, id: &str, first: u64) -> PathBuf {
        self.folder.join(format!("{id}.{first:0DIGITS$}{ENDING}"))
    }
}

/// The files of a log, the oldest first.
pub(crate) fn parts(folder: &Path, id: &str) -> Result<Vec<PartFile>, Error> {
    let mut parts = Vec::new();
    for path in children(folder)? {
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some((of, first)) = name.and_then(id_of)
            && of == id
        {
            parts.push(PartFile { path, first });
        }
    }
    parts.sort_by_key(|part| part.first.unwrap_or(u64::MAX));
    Ok(parts)
}

/// The id of the log that a file is of, and the number of its first line if it is an older part.
fn id_of(name: &str) -> Option<(&str, Option<u64>)> {
    let stem = name.strip_suffix(ENDING)?;
    match stem.split_once('.') {
        None => Some((stem, None)),
        Some((id, first)) if first.len() == DIGITS => Some((id, Some(first.parse().ok()?))),
        Some(_) => None,
    }
}

/// Opens a file that is made if it does not exist, for its owner alone, through no link.
pub(crate) fn open(path: &Path) -> Result<std::fs::File, Error> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = std::fs::File::options()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
        .open(path);
    Ok(file.map_err(io("open", path))?)
}
