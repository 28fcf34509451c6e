//! Writes a log: one process at a time, one line at a time.
//!
//! A line is one `write` to a file that is only appended to, so that the death of the process leaves at most
//! one incomplete line, at the end. Who goes on with the log removes it and says so. Lines are synced
//! when [`Writer::sync`] is called and when a part is full; a loss of power may take those after that.

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use lazaret_files::{Durability, io, optional};
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::logs::{Logs, open, parts};
use crate::record::{Fault, LONGEST_LINE, NO_HASH, OwnEvent, line, read};

/// Size from which on a part is full, in bytes.
const FULL: u64 = 4 << 20;
/// Most parts that are kept beside the one that is written to.
const MOST_PARTS: usize = 15;
/// Longest time for the last writer to let go.
const FREE_WITHIN: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(10);

/// The writer of a log. It has the log to itself until it is dropped.
#[derive(Debug)]
pub struct Writer {
    logs: Logs,
    id: String,
    file: File,
    path: PathBuf,
    /// Bytes of complete lines.
    length: u64,
    /// Number and hash of the last line.
    last: (u64, String),
    /// Number of the first line in the file; 0 while it is empty.
    first: u64,
    /// Events that could not be written.
    lost: u64,
    full: u64,
    most_parts: usize,
}

impl Writer {
    /// Opens a log to go on with it, or to begin it. What a write has left that was cut off is removed,
    /// and the log says so. Blocks.
    ///
    /// # Errors
    /// [`Error::Busy`]; [`Error::End`] when the last line is not as it was written; [`Error::Files`].
    pub fn open(logs: Logs, id: &str) -> Result<Self, Error> {
        let folder = logs.folder().to_owned();
        Durability::Ephemeral.create_dirs(&folder)?;
        let path = logs.path(id);
        let file = open(&path)?;
        lock(&file, &path)?;
        let length = file.metadata().map_err(io("inspect", &path))?.len();
        let mut writer = Self {
            id: id.to_owned(),
            file,
            path,
            length,
            last: (0, NO_HASH.to_owned()),
            first: 0,
            lost: 0,
            full: FULL,
            most_parts: MOST_PARTS,
            logs,
        };
        let torn = writer.find_end()?;
        if torn > 0 {
            writer.append(&OwnEvent::Torn { bytes: torn })?;
            writer.sync()?;
        }
        Ok(writer)
    }

    /// Number of the last line and its hash; 0 and zeros before the first.
    #[must_use]
    pub fn head(&self) -> (u64, &str) {
        (self.last.0, &self.last.1)
    }

    /// Appends an event. One that cannot be written is counted, and the log says so as soon as it can.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn append(&mut self, event: &impl Serialize) -> Result<(), Error> {
        let event = serde_json::to_value(event).unwrap_or(Value::Null);
        let appended = self.append_all(event);
        if appended.is_err() {
            self.lost += 1;
        }
        appended
    }

    /// Waits until everything that was appended is on the disk.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn sync(&self) -> Result<(), Error> {
        Ok(Durability::Synced.sync_file(&self.file, &self.path)?)
    }

    /// Lets others write to the log; returns the file, for whoever still syncs it.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn release(self) -> Result<File, Error> {
        self.file.unlock().map_err(io("unlock", &self.path))?;
        Ok(self.file)
    }

    fn append_all(&mut self, event: Value) -> Result<(), Error> {
        if self.length >= self.full {
            self.begin_part()?;
        }
        if self.lost > 0 {
            let events = self.lost;
            self.write(value(&OwnEvent::Lost { events }))?;
            self.lost = 0;
        }
        self.write(event)
    }

    fn write(&mut self, event: Value) -> Result<(), Error> {
        let sequence = self.last.0 + 1;
        let (mut text, hash) = line(sequence, SystemTime::now().into(), event, &self.last.1);
        text.push('\n');
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            // What was written of it would be the beginning of the next line.
            if let Err(error) = self.file.set_len(self.length) {
                return Err(io("cut", &self.path)(error).into());
            }
            return Err(io("write", &self.path)(error).into());
        }
        self.length += text.len() as u64;
        if self.first == 0 {
            self.first = sequence;
        }
        self.last = (sequence, hash);
        Ok(())
    }

    /// Goes on in a new part, and drops the oldest if there are too many.
    fn begin_part(&mut self) -> Result<(), Error> {
        self.sync()?;
        let full = self.logs.part(&self.id, self.first);
        fs::rename(&self.path, &full).map_err(io("rename", &self.path))?;
        let file = open(&self.path)?;
        lock(&file, &self.path)?;
        self.file = file;
        self.length = 0;
        self.first = 0;
        let kept = parts(self.logs.folder(), &self.id)?;
        let older: Vec<_> = kept.iter().filter(|part| part.first.is_some()).collect();
        let Some(more) = older
            .len()
            .checked_sub(self.most_parts)
            .filter(|more| *more > 0)
        else {
            return Ok(());
        };
        // Said before it is done: a log must not lack what it does not speak of.
        let last = self.end_of(&older[more - 1].path)?;
        self.write(value(&OwnEvent::Dropped {
            through: last.0,
            hash: last.1,
        }))?;
        self.sync()?;
        for part in &older[..more] {
            let removed = fs::remove_file(&part.path);
            optional(removed, "remove", &part.path)?;
        }
        Ok(())
    }

    /// Finds the last line, cuts off what is incomplete after it, and returns how many bytes that were.
    fn find_end(&mut self) -> Result<u64, Error> {
        let tail = self.tail(&self.file, self.length)?;
        let complete = tail
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let (lines, rest) = tail.split_at(complete);
        if lines.is_empty() && (self.length > tail.len() as u64) {
            return Err(self.end(Fault::TooLong));
        }
        self.last = match last_line(lines) {
            Some(line) => self.read(line)?,
            None => self.end_of_older()?,
        };
        self.first = self.first_number(lines.is_empty())?;
        if rest.is_empty() {
            return Ok(0);
        }
        // All of a line may be there but its end.
        if let Ok(record) = read(rest)
            && record.sequence == self.last.0 + 1
            && record.previous == self.last.1
        {
            self.file
                .write_all(b"\n")
                .map_err(io("write", &self.path))?;
            self.length += 1;
            self.last = (record.sequence, record.hash);
            self.first = self.first.max(1);
            return Ok(0);
        }
        self.length -= rest.len() as u64;
        self.file
            .set_len(self.length)
            .map_err(io("cut", &self.path))?;
        Ok(rest.len() as u64)
    }

    /// The end of the newest part that is not written to any more.
    fn end_of_older(&self) -> Result<(u64, String), Error> {
        let parts = parts(self.logs.folder(), &self.id)?;
        match parts.iter().rfind(|part| part.first.is_some()) {
            Some(part) => self.end_of(&part.path),
            None => Ok((0, NO_HASH.to_owned())),
        }
    }

    fn end_of(&self, path: &std::path::Path) -> Result<(u64, String), Error> {
        let file = File::open(path).map_err(io("open", path))?;
        let length = file.metadata().map_err(io("inspect", path))?.len();
        let tail = self.tail(&file, length)?;
        match last_line(&tail) {
            Some(line) => self.read(line),
            None => Err(self.end(Fault::NotARecord)),
        }
    }

    /// Number of the first line of the file, by which it is named when it is full.
    fn first_number(&self, is_empty: bool) -> Result<u64, Error> {
        if is_empty {
            return Ok(0);
        }
        let mut begin = vec![
            0;
            usize::try_from(self.length)
                .unwrap_or(usize::MAX)
                .min(LONGEST_LINE + 1)
        ];
        let filled = self.file.read_exact_at(&mut begin, 0);
        filled.map_err(io("read", &self.path))?;
        let line = begin
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        Ok(self.read(line)?.0)
    }

    fn read(&self, line: &[u8]) -> Result<(u64, String), Error> {
        let record = read(line).map_err(|fault| self.end(fault))?;
        Ok((record.sequence, record.hash))
    }

    /// The last bytes of a file: the longest line, and what may follow it.
    fn tail(&self, file: &File, length: u64) -> Result<Vec<u8>, Error> {
        let wanted = length.min(2 * (LONGEST_LINE as u64 + 1));
        let mut tail = vec![0; usize::try_from(wanted).unwrap_or_default()];
        let read = file.read_exact_at(&mut tail, length - wanted);
        read.map_err(io("read", &self.path))?;
        Ok(tail)
    }

    fn end(&self, fault: Fault) -> Error {
        Error::End {
            path: self.path.clone(),
            fault,
        }
    }
}

fn value(event: &OwnEvent) -> Value {
    serde_json::to_value(event).unwrap_or(Value::Null)
}

/// The last one of complete lines, without its line end.
fn last_line(lines: &[u8]) -> Option<&[u8]> {
    let lines = lines.strip_suffix(b"\n")?;
    Some(lines.rsplit(|byte| *byte == b'\n').next().unwrap_or(lines))
}

fn lock(file: &File, path: &std::path::Path) -> Result<(), Error> {
    let deadline = Instant::now() + FREE_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Busy {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io("lock", path)(error).into()),
        }
    }
}
