//! Writes the data of files to the disk while it is read from a layer.

use super::compress::{Compressor, SEGMENT};
use super::disk::{Blocks, Layout};
use super::unit::{BLOCK, BLOCK_U64};
use crate::error::{EntryFault, Error};
use crate::tree::{Extent, Kind};

/// Bytes handled at a time.
pub(crate) const CHUNK: usize = 256 * BLOCK;
const ZEROS: [u8; BLOCK] = [0; BLOCK];
/// Size of the largest file that is kept in memory, in bytes.
const SMALL: usize = 3072;

/// A reader of the data of one file.
pub(crate) trait Source {
    /// Reads some bytes; returns 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error>;

    /// Number of zero bytes that certainly follow here and need not be read.
    fn hole(&self) -> u64 {
        0
    }

    /// Skips `_count` bytes of that hole.
    fn skip_hole(&mut self, _count: u64) {}
}

impl Source for &[u8] {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let (now, later) = self.split_at(self.len().min(buffer.len()));
        buffer[..now.len()].copy_from_slice(now);
        *self = later;
        Ok(now.len())
    }
}

impl Blocks {
    /// Writes the data of one file; returns its length in bytes and the node for it. Blocks of
    /// zeros become holes.
    pub(crate) fn write_file(
        &mut self,
        source: &mut dyn Source,
        path: &[u8],
    ) -> Result<(u64, Kind), Error> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(CHUNK, 0);
        let result = match self.compressor {
            None => self.copy(source, path, &mut buffer),
            Some(_) => self.pack(source, path, &mut buffer[..SEGMENT]),
        };
        self.buffer = buffer;
        result
    }

    /// Sends the data of one file to the compressor.
    fn pack(
        &mut self,
        source: &mut dyn Source,
        path: &[u8],
        buffer: &mut [u8],
    ) -> Result<(u64, Kind), Error> {
        let (mut size, mut file) = (0u64, None);
        while let Some(compressor) = &mut self.compressor {
            let filled = fill(source, buffer)?;
            if size == 0 && filled <= SMALL.min(self.room) {
                self.room -= filled;
                return Ok((filled as u64, Kind::SmallFile(buffer[..filled].into())));
            }
            size += filled as u64;
            if filled > 0 {
                let file = *file.get_or_insert_with(|| compressor.begin());
                compressor.send(file, &buffer[..filled]);
                if compressor.is_full() {
                    self.place_packed()?;
                }
            }
            if filled < SEGMENT {
                break;
            }
        }
        check_size(size, path)?;
        let kind = match file {
            Some(file) => Kind::Compressed { size, file },
            None => Kind::SmallFile(Box::default()),
        };
        Ok((size, kind))
    }

    /// Writes the oldest compressed segment; returns false if there is none.
    pub(super) fn place_packed(&mut self) -> Result<bool, Error> {
        let next = self.compressor.as_mut().and_then(Compressor::receive);
        let Some((file, segment)) = next else {
            return Ok(false);
        };
        let want = (segment.len() / BLOCK) as u64;
        let start = self.alloc.allocate_contiguous(want);
        let start = start.ok_or_else(|| self.full(want))?;
        self.output.write_block(start, &segment)?;
        if let Some(compressor) = &mut self.compressor {
            compressor.placed(file, start, segment);
        }
        Ok(true)
    }

    fn copy(
        &mut self,
        source: &mut dyn Source,
        path: &[u8],
        buffer: &mut [u8],
    ) -> Result<(u64, Kind), Error> {
        let (mut size, mut extents) = (0u64, Vec::new());
        let unit = match self.layout {
            Layout::Scattered => BLOCK_U64,
            Layout::Runs => CHUNK as u64,
        };
        loop {
            let hole = source.hole() / unit * unit;
            source.skip_hole(hole);
            size += hole;
            let filled = fill(source, buffer)?;
            if filled == 0 {
                break;
            }
            if size == 0 && filled <= SMALL.min(self.room) {
                self.room -= filled;
                return Ok((filled as u64, Kind::SmallFile(buffer[..filled].into())));
            }
            let padded = filled.next_multiple_of(BLOCK);
            buffer[filled..padded].fill(0);
            self.write_blocks(size / BLOCK_U64, &buffer[..padded], path, &mut extents)?;
            size += filled as u64;
            if filled < buffer.len() {
                break;
            }
        }
        check_size(size, path)?;
        extents.shrink_to_fit();
        Ok((size, Kind::File { size, extents }))
    }

    /// Writes whole blocks that start at block `logical` of the file.
    fn write_blocks(
        &mut self,
        logical: u64,
        data: &[u8],
        path: &[u8],
        extents: &mut Vec<Extent>,
    ) -> Result<(), Error> {
        if self.layout == Layout::Scattered {
            for (from, to) in runs(data) {
                let run = &data[from * BLOCK..to * BLOCK];
                self.place(logical + from as u64, run, path, extents)?;
            }
            return Ok(());
        }
        if data.len() == CHUNK && runs(data).next().is_none() {
            return Ok(());
        }
        self.place(logical, data, path, extents)
    }

    /// Allocates room for whole blocks and writes them. Within a run, blocks of zeros are not
    /// written: their room was never used, so it reads as zeros.
    fn place(
        &mut self,
        mut logical: u64,
        mut data: &[u8],
        path: &[u8],
        extents: &mut Vec<Extent>,
    ) -> Result<(), Error> {
        while !data.is_empty() {
            let want = (data.len() / BLOCK) as u64;
            let (physical, length) = self.alloc.allocate(want).ok_or_else(|| self.full(want))?;
            let bytes = usize::try_from(length * BLOCK_U64).unwrap_or(data.len());
            let (now, later) = data.split_at(bytes);
            match self.layout {
                Layout::Scattered => self.output.write_block(physical, now)?,
                Layout::Runs => {
                    for (from, to) in runs(now) {
                        let run = &now[from * BLOCK..to * BLOCK];
                        self.output.write_block(physical + from as u64, run)?;
                    }
                }
            }
            let (Ok(first), Ok(count)) = (u32::try_from(logical), u32::try_from(length)) else {
                return Err(Error::entry(path, EntryFault::BadSize));
            };
            push(
                extents,
                Extent {
                    logical: first,
                    length: count,
                    physical,
                },
            );
            logical += length;
            data = later;
        }
        Ok(())
    }
}

/// Fills a buffer as far as the source goes; returns the number of bytes read.
fn fill(source: &mut dyn Source, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Refuses a file that is too long: its blocks are counted in 32 bits.
fn check_size(size: u64, path: &[u8]) -> Result<(), Error> {
    match u32::try_from(size.div_ceil(BLOCK_U64)) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::entry(path, EntryFault::BadSize)),
    }
}

/// The runs of blocks that are not zero: first block, and the block after the last.
fn runs(data: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let blocks = data.as_chunks::<BLOCK>().0;
    let mut at = 0;
    std::iter::from_fn(move || {
        let from = at + blocks[at..].iter().position(|block| *block != ZEROS)?;
        let length = blocks[from..].iter().position(|block| *block == ZEROS);
        at = length.map_or(blocks.len(), |length| from + length);
        Some((from, at))
    })
}

/// Appends an extent; it is joined with the previous one if both follow on in the file and on the
/// disk.
pub(crate) fn push(extents: &mut Vec<Extent>, next: Extent) {
    if let Some(last) = extents.last_mut()
        && last.logical + last.length == next.logical
        && last.physical + u64::from(last.length) == next.physical
    {
        last.length += next.length;
    } else {
        extents.push(next);
    }
}
