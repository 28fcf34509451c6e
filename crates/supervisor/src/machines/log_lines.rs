//! A part of a log, as it is shown: between two moments, the last lines, with times.

use super::log::{LogReader, LogRecord, LogStream};
use crate::Error;
use crate::time::stamp;

/// Which part of a log is shown, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogPart {
    /// Only what was written at this moment or later, in nanoseconds since 1970.
    pub since: Option<u64>,
    /// Only what was written before this moment.
    pub until: Option<u64>,
    /// Only so many lines at the end.
    pub tail: Option<u64>,
    /// Whether each line begins with the time at which it was begun.
    pub timestamps: bool,
}

/// Reads a part of a log, record by record.
#[derive(Debug)]
pub struct LogLines {
    log: LogReader,
    part: LogPart,
    /// Number of lines that are still to be left out.
    skip: u64,
    /// Whether a line is unfinished, for each stream.
    unfinished: [bool; 2],
    is_over: bool,
}

impl LogLines {
    /// Reads a part of the log that `open` opens. Blocks for the disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn new(open: impl Fn() -> LogReader, part: LogPart) -> Result<Self, Error> {
        let skip = match part.tail {
            Some(tail) => count(&mut open(), &part)?.saturating_sub(tail),
            None => 0,
        };
        Ok(Self {
            log: open(),
            part,
            skip,
            unfinished: [false; 2],
            is_over: false,
        })
    }

    /// Whether nothing can come any more: the moment at which the part ends has passed in the log.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// What is to be shown next; `None` when there is nothing yet. It may be empty. Blocks for the
    /// disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn next_piece(&mut self) -> Result<Option<(LogStream, Vec<u8>)>, Error> {
        while !self.is_over {
            let Some(record) = self.log.next_record()? else {
                return Ok(None);
            };
            if self.part.until.is_some_and(|until| record.time >= until) {
                self.is_over = true;
            } else if self.part.since.is_none_or(|since| record.time >= since) {
                return Ok(Some((record.stream, self.shown(&record))));
            }
        }
        Ok(None)
    }

    fn shown(&mut self, record: &LogRecord) -> Vec<u8> {
        let mut text = Vec::with_capacity(record.bytes.len());
        let unfinished = &mut self.unfinished[record.stream as usize];
        for line in record.bytes.split_inclusive(|byte| *byte == b'\n') {
            let is_whole = line.last() == Some(&b'\n');
            if self.skip == 0 {
                if self.part.timestamps && !*unfinished {
                    text.extend(format!("{} ", stamp(record.time)).bytes());
                }
                text.extend_from_slice(line);
            } else if is_whole {
                self.skip -= 1;
            }
            *unfinished = !is_whole;
        }
        text
    }
}

/// Number of lines in a part of a log, unfinished ones included.
fn count(log: &mut LogReader, part: &LogPart) -> Result<u64, Error> {
    let mut lines = 0;
    let mut unfinished = [false; 2];
    while let Some(record) = log.next_record()? {
        if part.until.is_some_and(|until| record.time >= until) {
            break;
        }
        if part.since.is_some_and(|since| record.time < since) {
            continue;
        }
        let ends = record.bytes.iter().filter(|byte| **byte == b'\n').count();
        lines += ends as u64;
        unfinished[record.stream as usize] = record.bytes.last() != Some(&b'\n');
    }
    Ok(lines + unfinished.iter().filter(|unfinished| **unfinished).count() as u64)
}
