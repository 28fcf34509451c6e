//! The log of a machine: what its workload wrote, with times, in files of bounded size.
//!
//! ```text
//! log/000001 000002 ...     at most MOST_FILES, each of about FILE_BYTES; the oldest goes first
//!
//! file    record*
//! record  time     8 bytes   nanoseconds since 1970, little-endian
//!         stream   1 byte    1 standard output, 2 standard error
//!         length   4 bytes   little-endian, at most 64 KiB
//!         bytes
//! ```
//! A record that is cut off, by a full disk or a holder that was killed, is the last of its file:
//! each holder begins a new one.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use lazaret_files::{children, is_absent};

use crate::{Error, clock};

/// Bytes after which the next file begins.
const FILE_BYTES: u64 = 4 << 20;
/// Most files of a log.
const MOST_FILES: usize = 5;
const HEADER_BYTES: usize = 13;
/// Most bytes of a record.
const MOST_BYTES: usize = 64 * 1024;

/// A stream of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// Something that the workload wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// When it was written, in nanoseconds since 1970.
    pub time: u64,
    /// Where to.
    pub stream: LogStream,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Writes the log of a machine.
#[derive(Debug)]
pub(super) struct LogWriter {
    folder: PathBuf,
    number: u64,
    file: Option<File>,
    written: u64,
}

impl LogWriter {
    /// Begins a new file of the log in a machine's folder with the first record.
    pub(super) fn new(machine: &Path) -> Self {
        Self {
            folder: folder(machine),
            number: 0,
            file: None,
            written: 0,
        }
    }

    /// Appends a record. What cannot be written is left out of the log, and the workload goes on;
    /// the next record begins a new file then.
    pub(super) fn write(&mut self, stream: LogStream, bytes: &[u8]) {
        for piece in bytes.chunks(MOST_BYTES) {
            if let Err(error) = self.append(stream, piece) {
                tracing::warn!(folder = %self.folder.display(), %error, "log not written");
                self.file = None;
            }
        }
    }

    fn append(&mut self, stream: LogStream, bytes: &[u8]) -> io::Result<()> {
        if self.written >= FILE_BYTES {
            self.file = None;
        }
        let file = match &mut self.file {
            Some(file) => file,
            empty => {
                let file = begin(&self.folder, &mut self.number)?;
                self.written = 0;
                empty.insert(file)
            }
        };
        let mut record = Vec::with_capacity(HEADER_BYTES + bytes.len());
        record.extend(clock::nanoseconds().to_le_bytes());
        record.push(match stream {
            LogStream::Output => 1,
            LogStream::Errors => 2,
        });
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        record.extend(length.to_le_bytes());
        record.extend(bytes);
        file.write_all(&record)?;
        self.written += record.len() as u64;
        Ok(())
    }
}

/// Begins the next file, and removes the oldest ones.
fn begin(folder: &Path, number: &mut u64) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let existing = numbers(folder).map_err(io::Error::other)?;
    *number = existing.last().copied().unwrap_or(0).max(*number) + 1;
    let keep = existing.len().min(MOST_FILES - 1);
    for old in &existing[..existing.len() - keep] {
        fs::remove_file(file_path(folder, *old))?;
    }
    File::create_new(file_path(folder, *number))
}

/// Reads the log of a machine, from the first record that is still there.
#[derive(Debug)]
pub struct LogReader {
    folder: PathBuf,
    number: u64,
    file: Option<File>,
    at: u64,
}

impl LogReader {
    /// The log of the machine in a folder, from its first record.
    pub(super) fn new(machine: &Path) -> Self {
        Self {
            folder: folder(machine),
            number: 0,
            file: None,
            at: 0,
        }
    }

    /// Passes over everything that was written before now.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn skip_to_end(&mut self) -> Result<(), Error> {
        let Some(last) = numbers(&self.folder)?.last().copied() else {
            return Ok(());
        };
        let path = file_path(&self.folder, last);
        let mut file = File::open(&path).map_err(Error::io("open", &path))?;
        self.at = file
            .seek(SeekFrom::End(0))
            .map_err(Error::io("read", &path))?;
        (self.number, self.file) = (last, Some(file));
        Ok(())
    }

    /// The next record; `None` when there is none yet. Blocks for the disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn next_record(&mut self) -> Result<Option<LogRecord>, Error> {
        loop {
            if let Some(file) = &self.file {
                let path = file_path(&self.folder, self.number);
                if let Some(record) = read(file, self.at).map_err(Error::io("read", &path))? {
                    self.at += (HEADER_BYTES + record.bytes.len()) as u64;
                    return Ok(Some(record));
                }
            }
            // The file of this number is complete once there is a later one.
            let numbers = numbers(&self.folder)?;
            let Some(next) = numbers.into_iter().find(|number| *number > self.number) else {
                return Ok(None);
            };
            if let Some(file) = self.file.take()
                && let Some(record) =
                    read(&file, self.at).map_err(Error::io("read", &self.folder))?
            {
                // It was appended between the two looks.
                self.at += (HEADER_BYTES + record.bytes.len()) as u64;
                self.file = Some(file);
                return Ok(Some(record));
            }
            let path = file_path(&self.folder, next);
            match File::open(&path) {
                Ok(file) => (self.number, self.file, self.at) = (next, Some(file), 0),
                // It was the oldest one and is removed by now.
                Err(error) if is_absent(&error) => self.number = next,
                Err(error) => return Err(Error::io("open", &path)(error)),
            }
        }
    }
}

/// The record at an offset; `None` when it is not there, not whole, or damaged.
fn read(file: &File, at: u64) -> io::Result<Option<LogRecord>> {
    let mut header = [0; HEADER_BYTES];
    if !read_whole(file, &mut header, at)? {
        return Ok(None);
    }
    let [t0, t1, t2, t3, t4, t5, t6, t7, stream, l0, l1, l2, l3] = header;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let stream = match stream {
        1 => LogStream::Output,
        2 => LogStream::Errors,
        _ => return Ok(None),
    };
    if length > MOST_BYTES {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    if !read_whole(file, &mut bytes, at + HEADER_BYTES as u64)? {
        return Ok(None);
    }
    Ok(Some(LogRecord {
        time: u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
        stream,
        bytes,
    }))
}

fn read_whole(file: &File, buffer: &mut [u8], at: u64) -> io::Result<bool> {
    match file.read_exact_at(buffer, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn folder(machine: &Path) -> PathBuf {
    machine.join("log")
}

fn file_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:06}"))
}

/// The numbers of the files that exist, in order.
fn numbers(folder: &Path) -> Result<Vec<u64>, Error> {
    let mut numbers: Vec<u64> = children(folder)?
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests;
