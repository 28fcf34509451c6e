//! Maps of sparse files: the parts of a file that the archive holds.

use crate::header::number;
use crate::pax::decimal;

/// Most segments in the map of one file.
const SEGMENTS_MAX: usize = 1 << 20;
const FAULT: &str = "the sparse map is inconsistent";

/// One part of a sparse file that the archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// A checked map: its segments are sorted, disjoint and inside the file, and add up to the stored
/// data.
#[derive(Debug)]
pub struct SparseMap {
    /// The segments, none of them empty.
    pub segments: Vec<Segment>,
    /// Length of the file with its holes, in bytes.
    pub real_size: u64,
}

impl SparseMap {
    /// Checks the map of a file of `real_size` bytes, of which the archive has `stored`.
    ///
    /// # Errors
    /// The reason for refusing it, to be shown to users.
    pub fn check(
        segments: Vec<Segment>,
        real_size: u64,
        stored: u64,
    ) -> Result<Self, &'static str> {
        let (mut end, mut sum) = (0u64, 0u64);
        for segment in &segments {
            if segment.offset < end {
                return Err(FAULT);
            }
            end = segment.offset.checked_add(segment.length).ok_or(FAULT)?;
            sum += segment.length;
        }
        if end > real_size || sum != stored || i64::try_from(real_size).is_err() {
            return Err(FAULT);
        }
        Ok(Self {
            segments: segments.into_iter().filter(|s| s.length > 0).collect(),
            real_size,
        })
    }

    /// Makes segments of the flat list of numbers of PAX formats 0.0 and 0.1.
    ///
    /// # Errors
    /// The reason for refusing it, to be shown to users.
    pub fn pairs(list: &[u64]) -> Result<Vec<Segment>, &'static str> {
        let (pairs, rest) = list.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(FAULT);
        }
        Ok(pairs
            .iter()
            .map(|&[offset, length]| Segment { offset, length })
            .collect())
    }
}

/// Reads the entries of an old GNU header, up to the first empty one.
///
/// # Errors
/// The reason for refusing it, to be shown to users.
pub fn old_gnu(table: &[u8], segments: &mut Vec<Segment>) -> Result<(), &'static str> {
    for entry in table.as_chunks::<24>().0 {
        if entry[0] == 0 || entry[12] == 0 {
            break;
        }
        let field = |range| u64::try_from(number(&entry[range])?).map_err(|_| FAULT);
        segments.push(Segment {
            offset: field(0..12)?,
            length: field(12..24)?,
        });
    }
    if segments.len() > SEGMENTS_MAX {
        Err(FAULT)
    } else {
        Ok(())
    }
}

/// Parses the decimal lines at the start of the data of PAX format 1.0.
#[derive(Debug, Default)]
pub struct MapText {
    numbers: Vec<u64>,
    line: Vec<u8>,
}

impl MapText {
    /// Adds one record of the map; true once the map is complete.
    ///
    /// # Errors
    /// The reason for refusing it, to be shown to users.
    pub fn push(&mut self, record: &[u8]) -> Result<bool, &'static str> {
        for &byte in record {
            if byte == b'\n' {
                self.numbers.push(decimal(&self.line)?);
                self.line.clear();
                if self.complete()? {
                    return Ok(true);
                }
            } else if self.line.len() < 20 {
                self.line.push(byte);
            } else {
                return Err(FAULT);
            }
        }
        Ok(false)
    }

    fn complete(&self) -> Result<bool, &'static str> {
        let count = self.numbers.first().copied().unwrap_or(0);
        if count > SEGMENTS_MAX as u64 {
            return Err(FAULT);
        }
        Ok(self.numbers.len() as u64 == 1 + 2 * count)
    }

    /// The segments of a complete map.
    ///
    /// # Errors
    /// The reason for refusing it, to be shown to users.
    pub fn into_segments(self) -> Result<Vec<Segment>, &'static str> {
        SparseMap::pairs(self.numbers.get(1..).unwrap_or_default())
    }
}
