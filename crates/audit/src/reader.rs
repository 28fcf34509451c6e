//! Reads a log with all its parts, and follows it while it grows.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use lazaret_files::{io, open_regular, optional};

use crate::Error;
use crate::logs::{Logs, parts};
use crate::record::{Fault, LONGEST_LINE, Record};
use crate::verifier::{Summary, Verifier};

/// Reads the records of a log, each of them verified.
#[derive(Debug)]
pub struct Reader {
    /// The log, if it may grow.
    log: Option<(Logs, String)>,
    /// Files that come after the current one.
    pending: VecDeque<PathBuf>,
    current: Option<Part>,
    verifier: Verifier,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    file: BufReader<File>,
    /// Number of lines that were read.
    lines: u64,
    /// A line that is not complete yet.
    rest: Vec<u8>,
}

impl Reader {
    /// Reads a log from its beginning. A `head` that was kept elsewhere has to be in it.
    ///
    /// # Errors
    /// [`Error::Absent`], [`Error::Files`].
    pub fn open(logs: &Logs, id: &str, head: Option<&str>) -> Result<Self, Error> {
        let pending = parts(logs.folder(), id)?;
        if pending.is_empty() {
            return Err(Error::Absent { id: id.to_owned() });
        }
        Ok(Self {
            log: Some((logs.clone(), id.to_owned())),
            pending: pending.into_iter().map(|part| part.path).collect(),
            current: None,
            verifier: Verifier::new(head),
        })
    }

    /// Reads files that are the parts of one log, in their order.
    #[must_use]
    pub fn of_files(files: Vec<PathBuf>, head: Option<&str>) -> Self {
        Self {
            log: None,
            pending: files.into(),
            current: None,
            verifier: Verifier::new(head),
        }
    }

    /// The next record; `None` when there is none yet.
    ///
    /// # Errors
    /// [`Error::Broken`] at the first line that is not as it was written; [`Error::Files`].
    pub fn next_record(&mut self) -> Result<Option<Record>, Error> {
        loop {
            let Some(part) = &mut self.current else {
                let Some(path) = self.pending.pop_front() else {
                    return Ok(None);
                };
                let file = open_regular(&path).map_err(io("open", &path))?;
                self.current = Some(Part {
                    path,
                    file: BufReader::with_capacity(64 * 1024, file),
                    lines: 0,
                    rest: Vec::new(),
                });
                continue;
            };
            if part.fill()? {
                let line = std::mem::take(&mut part.rest);
                part.lines += 1;
                let taken = self.verifier.take(&line[..line.len() - 1]);
                return taken.map(Some).map_err(|fault| part.broken(fault));
            }
            if self.pending.is_empty() {
                match self.goes_on()? {
                    true => continue,
                    false => return Ok(None),
                }
            }
            if let Some(part) = self.current.take_if(|part| !part.rest.is_empty()) {
                return Err(part.next_is(Fault::Incomplete));
            }
            self.current = None;
        }
    }

    /// Reads what is left; returns what was found.
    ///
    /// # Errors
    /// As [`Reader::next_record`].
    pub fn finish(mut self) -> Result<Summary, Error> {
        while self.next_record()?.is_some() {}
        let (path, lines, torn) = match self.current {
            Some(part) => (part.path, part.lines, part.rest.len() as u64),
            None => (PathBuf::new(), 0, 0),
        };
        self.verifier.finish(torn).map_err(|fault| Error::Broken {
            path,
            line: match fault {
                Fault::Beginning(_) => 1,
                _ => lines,
            },
            fault,
        })
    }

    /// Whether there is more: in another file, as when the current one was full, or at its end, where
    /// lines may have come between the last look and that.
    fn goes_on(&mut self) -> Result<bool, Error> {
        let (Some((logs, id)), Some(part)) = (&self.log, &mut self.current) else {
            return Ok(false);
        };
        let newest = logs.path(id);
        let place = |data: std::fs::Metadata| (data.dev(), data.ino());
        let own = part.file.get_ref().metadata().map(place);
        let own = own.map_err(io("inspect", &part.path))?;
        let newest = optional(newest.metadata().map(place), "inspect", &newest)?;
        if newest.is_none_or(|newest| newest == own) {
            return Ok(false);
        }
        if !part.is_at_end()? {
            return Ok(true);
        }
        let count = self.verifier.count();
        let next = parts(logs.folder(), id)?.into_iter();
        let next = next.filter(|part| part.first.is_none_or(|first| first > count));
        self.pending = next.map(|part| part.path).collect();
        Ok(!self.pending.is_empty())
    }
}

impl Part {
    /// Reads on; whether there is a complete line.
    fn fill(&mut self) -> Result<bool, Error> {
        let room = (LONGEST_LINE + 2).saturating_sub(self.rest.len());
        let mut reader = (&mut self.file).take(room as u64);
        let read = reader.read_until(b'\n', &mut self.rest);
        read.map_err(io("read", &self.path))?;
        if self.rest.ends_with(b"\n") {
            return Ok(true);
        }
        match self.rest.len() > LONGEST_LINE {
            true => Err(self.next_is(Fault::TooLong)),
            false => Ok(false),
        }
    }

    fn is_at_end(&mut self) -> Result<bool, Error> {
        let left: io::Result<bool> = self.file.fill_buf().map(<[u8]>::is_empty);
        left.map_err(io("read", &self.path)).map_err(Error::from)
    }

    /// The line that was read last is broken.
    fn broken(&self, fault: Fault) -> Error {
        Error::Broken {
            path: self.path.clone(),
            line: self.lines,
            fault,
        }
    }

    /// The line after it is.
    fn next_is(&self, fault: Fault) -> Error {
        Error::Broken {
            path: self.path.clone(),
            line: self.lines + 1,
            fault,
        }
    }
}
