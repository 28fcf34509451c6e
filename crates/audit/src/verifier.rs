//! Follows the chain of a log, line by line. Pure.

#[cfg(test)]
mod tests;

use serde::{Deserialize as _, Serialize};

use crate::record::{Fault, NO_HASH, OwnEvent, Record, read};

/// Follows a chain.
#[derive(Debug, Default)]
pub struct Verifier {
    /// Number and `previous` of the first line.
    first: Option<(u64, String)>,
    /// Number and hash of the last line.
    last: Option<(u64, String)>,
    /// Whether a line says that what is before the first one was dropped.
    is_cut: bool,
    /// A head that was kept elsewhere, and the number of the line that has it.
    head: Option<(String, Option<u64>)>,
}

/// A log that is as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Number of the first line that is still there.
    pub first: u64,
    /// Number of the last line: so many events were logged.
    pub count: u64,
    /// The hash of the last line, which stands for all of them.
    pub head: String,
    /// Bytes of a line that was being written when its process was killed.
    pub torn: u64,
    /// The number of the line with the head that was kept elsewhere.
    pub kept: Option<u64>,
}

impl Verifier {
    /// A verifier that also looks for a head that was kept elsewhere.
    #[must_use]
    pub fn new(head: Option<&str>) -> Self {
        Self {
            head: head.map(|head| (head.to_ascii_lowercase(), None)),
            ..Self::default()
        }
    }

    /// Takes the next line, without its line end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, line: &[u8]) -> Result<Record, Fault> {
        let record = read(line)?;
        match &self.last {
            None => {
                if record.sequence == 0 {
                    return Err(Fault::Sequence {
                        expected: 1,
                        found: 0,
                    });
                }
                if record.sequence == 1 && record.previous != NO_HASH {
                    return Err(Fault::Previous);
                }
                self.first = Some((record.sequence, record.previous.clone()));
            }
            Some((sequence, hash)) => {
                let expected = sequence.saturating_add(1);
                if record.sequence != expected {
                    return Err(Fault::Sequence {
                        expected,
                        found: record.sequence,
                    });
                }
                if record.previous != *hash {
                    return Err(Fault::Previous);
                }
            }
        }
        if let Ok(OwnEvent::Dropped { through, hash }) = OwnEvent::deserialize(&record.event)
            && let Some((first, previous)) = &self.first
        {
            self.is_cut |= through.checked_add(1) == Some(*first) && hash == *previous;
        }
        if let Some((head, at)) = &mut self.head
            && *head == record.hash
        {
            *at = Some(record.sequence);
        }
        self.last = Some((record.sequence, record.hash.clone()));
        Ok(record)
    }

    /// Number of the last line that was taken; 0 before the first.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.last.as_ref().map_or(0, |(sequence, _)| *sequence)
    }

    /// The end of the log, with so many bytes of an unfinished line.
    ///
    /// # Errors
    /// [`Fault::Beginning`], [`Fault::Head`].
    pub fn finish(self, torn: u64) -> Result<Summary, Fault> {
        let first = self.first.map_or(1, |(first, _)| first);
        if first > 1 && !self.is_cut {
            return Err(Fault::Beginning(first - 1));
        }
        let kept = match self.head {
            Some((head, None)) => return Err(Fault::Head(head)),
            Some((_, at)) => at,
            None => None,
        };
        let (count, head) = self.last.unwrap_or((0, NO_HASH.to_owned()));
        Ok(Summary {
            first,
            count,
            head,
            torn,
            kept,
        })
    }
}
