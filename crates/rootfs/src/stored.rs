//! Converts layers one by one to stored layers, which are merged into the disks of any number of
//! images.
//!
//! A stored layer holds the data of its files in blocks, and a log of its entries in order. A merge
//! replays the logs of an image's layers on one tree, as if they were read from the layers
//! themselves, and writes an EROFS whose file data stays in the stored layers. The disk is the
//! concatenation of a superblock, the data of each layer, and the metadata ([`parts`]); a kernel
//! sees an ordinary EROFS.
//!
//! ```text
//! stored layer   header | data of files, block by block | log
//! merged disk    superblock | data of layer 1 | data of layer 2 | ... | everything else
//! ```

mod log;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use crate::blocks::{BLOCK, BLOCK_U64, Blocks, Layout};
use crate::bytes::Record;
use crate::disk::{DiskBuilder, LayerData, LayerSummary, Summary};
use crate::erofs;
use crate::error::Error;
use crate::layer::{self, Budget};
use crate::options::{FileSystem, Limits, Options};
use crate::path::TreePath;
use crate::reader::Fields;
use crate::sha256::Sha256;
use crate::tree::{Extent, Kind};
use log::{Stored, read_entry, read_error, write_entry};

const MAGIC: &[u8; 8] = b"LZLAYER\x01";
/// Bytes of the log that are written at a time.
const PIECE: usize = 1 << 20;

/// Converts a layer to a stored one. The file is emptied first; the caller syncs it.
///
/// # Errors
/// As [`DiskBuilder::apply_layer`], except for errors that depend on other layers: merging gives
/// these.
pub fn store_layer(
    blob: impl Read + Send,
    output: &File,
    limits: Limits,
) -> Result<LayerSummary, Error> {
    let file = output.try_clone().map_err(Error::write("the layer"))?;
    let mut blocks = Blocks::create(file, 1, None, Layout::Runs)?;
    let mut log = Vec::new();
    let budget = Budget {
        bytes: limits.bytes,
        entries: limits.entries,
    };
    let most = limits
        .metadata
        .saturating_add(crate::blocks::HELD_MAX as u64);
    let ((), totals) = layer::read(blob, budget, |reader| {
        while let Some(entry) = reader.next_entry()? {
            let stored = match entry.kind {
                layer::EntryKind::File => {
                    let (_, kind) = blocks.write_file(&mut LayerData(reader), &entry.path)?;
                    Stored::of(kind)
                }
                _ => Stored::Nothing,
            };
            write_entry(&mut log, &entry, &stored);
            // The contents of small files are bounded by themselves.
            let own = (log.len() as u64).saturating_sub(crate::blocks::HELD_MAX as u64);
            reader.allowance().memory(own)?;
            if log.len() as u64 > most {
                return Err(Error::LimitExceeded {
                    what: "bytes of metadata",
                    limit: limits.metadata,
                });
            }
        }
        Ok(())
    })?;
    let summary = LayerSummary {
        diff_id: totals.diff_id,
        entries: totals.entries,
        bytes: totals.bytes,
    };
    let end = blocks.alloc.frontier();
    for (number, piece) in log.chunks(PIECE).enumerate() {
        let at = end * BLOCK_U64 + (number * PIECE) as u64;
        blocks.output.write_at(at, piece)?;
    }
    let header = Header {
        data_blocks: end - 1,
        log_bytes: log.len() as u64,
        log_hash: hash(&log),
        summary,
    };
    blocks.output.write_at(0, &header.encode())?;
    let blocks_of_log = (log.len() as u64).div_ceil(BLOCK_U64);
    blocks.output.finish(end + blocks_of_log)?;
    Ok(summary)
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(bytes);
    hasher.finalize()
}

#[derive(Debug, Clone)]
struct Header {
    data_blocks: u64,
    log_bytes: u64,
    log_hash: [u8; 32],
    summary: LayerSummary,
}

impl Header {
    fn encode(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut record = Record(&mut block);
        record.bytes(0, MAGIC);
        for (at, value) in [
            (8, self.data_blocks),
            (16, self.log_bytes),
            (24, self.summary.entries),
            (32, self.summary.bytes),
        ] {
            record.bytes(at, &value.to_le_bytes());
        }
        record.bytes(40, &self.log_hash);
        record.bytes(72, &self.summary.diff_id);
        let seal = hash(&block[..104]);
        Record(&mut block).bytes(104, &seal);
        block
    }

    fn decode(block: &[u8; BLOCK]) -> Option<Self> {
        let fields = Fields(block);
        let digest = |at| fields.bytes(at, 32).ok()?.try_into().ok();
        if !block.starts_with(MAGIC) || hash(&block[..104]) != digest(104)? {
            return None;
        }
        let number = |at| fields.u64(at).ok();
        Some(Self {
            data_blocks: number(8)?,
            log_bytes: number(16)?,
            log_hash: digest(40)?,
            summary: LayerSummary {
                diff_id: digest(72)?,
                entries: number(24)?,
                bytes: number(32)?,
            },
        })
    }
}

/// A stored layer that is open for reading.
#[derive(Debug)]
pub struct StoredLayer {
    file: File,
    header: Header,
    /// Size of the blob that it was made of, in bytes.
    packed: u64,
}

impl StoredLayer {
    /// Opens a stored layer that was made of a blob of `packed` bytes; its header must be intact.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Read`].
    pub fn open(file: File, packed: u64) -> Result<Self, Error> {
        let mut block = [0; BLOCK];
        file.read_exact_at(&mut block, 0).map_err(read_error)?;
        let header = Header::decode(&block).ok_or(Error::Damaged {
            reason: "it is no stored layer, or its header was changed",
        })?;
        Ok(Self {
            file,
            header,
            packed,
        })
    }

    /// The totals of the layer, from its conversion.
    pub fn summary(&self) -> LayerSummary {
        self.header.summary
    }
}

/// A part of a disk: a range of bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Index of the stored layer that has it; `None` stands for the merged file.
    pub layer: Option<usize>,
    /// Offset in that file, in bytes.
    pub offset: u64,
    /// Length in bytes: whole blocks of 4 KiB.
    pub length: u64,
}

/// The parts, in order, of the disk that merging these layers made; the merged file has `own`
/// bytes.
pub fn parts(layers: &[StoredLayer], own: u64) -> Vec<Part> {
    let of_layers = layers.iter().enumerate().map(|(index, layer)| Part {
        layer: Some(index),
        offset: BLOCK_U64,
        length: layer.header.data_blocks * BLOCK_U64,
    });
    let part = |offset, length| Part {
        layer: None,
        offset,
        length,
    };
    let first = part(0, BLOCK_U64.min(own));
    let rest = part(BLOCK_U64, own.saturating_sub(BLOCK_U64));
    let all = std::iter::once(first).chain(of_layers).chain([rest]);
    all.filter(|part| part.length > 0).collect()
}

/// Merges layers, the lowest first, into an EROFS. The file gets everything that is not in the
/// layers; the caller syncs it.
///
/// # Errors
/// As [`DiskBuilder::apply_layer`]; [`Error::Damaged`] for layers that were changed.
pub fn merge_layers(
    layers: &[StoredLayer],
    output: File,
    options: Options,
) -> Result<Summary, Error> {
    let elsewhere = layers.iter().map(|layer| layer.header.data_blocks).sum();
    let options = Options {
        file_system: FileSystem::Erofs,
        compression: None,
        ..options
    };
    let blocks = erofs::create(output, elsewhere, None)?;
    let mut disk = DiskBuilder::over(blocks, options);
    let mut base = 1;
    for layer in layers {
        disk.apply_stored(layer, base)?;
        base += layer.header.data_blocks;
    }
    disk.finish()
}

impl DiskBuilder {
    /// Replays a stored layer whose data begins at block `base` of the disk.
    fn apply_stored(&mut self, layer: &StoredLayer, base: u64) -> Result<(), Error> {
        self.guarded(|this| {
            let header = &layer.header;
            let mut file = layer.file.try_clone().map_err(read_error)?;
            let at = (1 + header.data_blocks) * BLOCK_U64;
            file.seek(SeekFrom::Start(at)).map_err(read_error)?;
            let mut log = Hashed {
                content: BufReader::with_capacity(PIECE, file.take(header.log_bytes)),
                hasher: Sha256::new(),
            };
            let root = this.begin(&TreePath::parse(b"")?)?;
            while let Some((entry, stored)) = read_entry(&mut log)? {
                this.apply_entry(root, entry, |blocks, path, entry| {
                    stored.into_kind(blocks, path, entry.size, header.data_blocks, base)
                })?;
                this.check_tree(layer.packed)?;
            }
            if log.hasher.finalize() != header.log_hash {
                return Err(Error::Damaged {
                    reason: "the log of a stored layer was changed",
                });
            }
            this.count_packed(header.summary.diff_id, layer.packed);
            this.count(&header.summary)?;
            this.fingerprint.layer(b"stored", &header.summary.diff_id);
            Ok(())
        })
    }
}

impl Stored {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::SmallFile(bytes) => Self::Small(bytes),
            Kind::File { extents, .. } => Self::Extents(extents),
            _ => Self::Nothing,
        }
    }

    /// The same file on a disk on which the layer's data begins at block `base`.
    fn into_kind(
        self,
        blocks: &mut Blocks,
        path: &[u8],
        size: u64,
        data_blocks: u64,
        base: u64,
    ) -> Result<Kind, Error> {
        match self {
            // Whether it may stay in memory is decided again: other layers have small files, too.
            Self::Small(bytes) => Ok(blocks.write_file(&mut &bytes[..], path)?.1),
            Self::Extents(extents) => {
                let moved = extents.into_iter().map(|extent| {
                    let from = extent.physical.checked_sub(1)?;
                    let end = from.checked_add(extent.length.into())?;
                    (end <= data_blocks).then_some(Extent {
                        physical: base + from,
                        ..extent
                    })
                });
                let moved: Option<Vec<Extent>> = moved.collect();
                let extents = moved.ok_or(Error::Damaged {
                    reason: "a file of a stored layer lies outside of it",
                })?;
                Ok(Kind::File { size, extents })
            }
            Self::Nothing => Err(Error::Damaged {
                reason: "a file of a stored layer has no data",
            }),
        }
    }
}

/// A reader of the log that hashes what it reads.
struct Hashed<R> {
    content: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.content.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}
