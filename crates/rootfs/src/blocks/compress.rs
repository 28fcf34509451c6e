//! Compresses files, on as many threads as there are processors.
//!
//! Each segment of [`SEGMENT`] bytes is compressed independently, so that the result does not
//! depend on the number of threads. Segments come back in the order in which they were sent.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::unit::BLOCK;
use crate::compression::Compression;

/// Bytes of a file that are compressed, and later decompressed, together.
pub(crate) const SEGMENT: usize = 32 * BLOCK;
/// Most threads: more of them would wait for the thread that reads the layer.
const WORKERS_MAX: usize = 16;
/// Segments in flight for each thread.
const AHEAD: usize = 4;

/// The place of a compressed file on the disk.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// The first block; the others follow it.
    pub(crate) start: u64,
    /// Number of blocks of each segment. A segment that is not compressed takes as many as its
    /// data.
    pub(crate) blocks: Vec<u8>,
}

impl Packed {
    /// Number of blocks of the whole file.
    pub(crate) fn total(&self) -> u64 {
        self.blocks.iter().map(|&count| u64::from(count)).sum()
    }
}

/// The two channels of one compression thread.
struct Worker {
    raw: Sender<Vec<u8>>,
    packed: Receiver<Vec<u8>>,
}

pub(super) struct Compressor {
    /// The threads; segments go to them in turn.
    workers: Vec<Worker>,
    sent: usize,
    received: usize,
    /// The file of each segment in flight, the oldest first.
    waiting: VecDeque<u32>,
    spare: Vec<Vec<u8>>,
    pub(super) files: Vec<Packed>,
}

impl Compressor {
    pub(super) fn new(compression: Compression) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self::with(compression, processors.min(WORKERS_MAX))
    }

    fn with(compression: Compression, workers: usize) -> Self {
        let start = |_| {
            let (raw, to_pack) = channel::<Vec<u8>>();
            let (done, packed) = channel();
            thread::spawn(move || {
                let mut codec = compression.codec();
                let mut room = Vec::new();
                for mut segment in to_pack {
                    pack(&mut segment, &mut room, &mut *codec);
                    if done.send(segment).is_err() {
                        break;
                    }
                }
            });
            Worker { raw, packed }
        };
        Self {
            workers: (0..workers).map(start).collect(),
            sent: 0,
            received: 0,
            waiting: VecDeque::new(),
            spare: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Begins a file and returns its number.
    pub(super) fn begin(&mut self) -> u32 {
        self.files.push(Packed::default());
        u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX)
    }

    /// Takes the next segment of a file.
    pub(super) fn send(&mut self, file: u32, bytes: &[u8]) {
        let mut segment = self.spare.pop().unwrap_or_default();
        segment.extend_from_slice(bytes);
        let worker = &self.workers[self.sent % self.workers.len()];
        // A thread that has ended is noticed when its result is asked for.
        let _ = worker.raw.send(segment);
        self.sent += 1;
        self.waiting.push_back(file);
    }

    /// Whether results must be taken before more segments are sent.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.workers.len() * AHEAD
    }

    /// The oldest segment, as whole blocks, and its file; `None` if none is in flight.
    pub(super) fn receive(&mut self) -> Option<(u32, Vec<u8>)> {
        let file = self.waiting.pop_front()?;
        let worker = &self.workers[self.received % self.workers.len()];
        self.received += 1;
        let segment = worker.packed.recv().expect("compression does not panic");
        Some((file, segment))
    }

    /// Records the place of a segment, and takes its buffer back.
    pub(super) fn placed(&mut self, file: u32, start: u64, mut segment: Vec<u8>) {
        let packed = &mut self.files[file as usize];
        if packed.blocks.is_empty() {
            packed.start = start;
        }
        let count = segment.len() / BLOCK;
        packed.blocks.push(u8::try_from(count).unwrap_or(u8::MAX));
        segment.clear();
        self.spare.push(segment);
    }
}

/// Compresses a segment in place, into whole blocks. EROFS expects the padding of zeros in front
/// and the data at the end of the last block. A segment that would shrink by less than an eighth
/// stays uncompressed, with zeros after it.
fn pack(segment: &mut Vec<u8>, room: &mut Vec<u8>, codec: &mut dyn FnMut(&[u8], &mut Vec<u8>)) {
    let blocks = segment.len().div_ceil(BLOCK);
    codec(segment, room);
    let packed = room.len().div_ceil(BLOCK);
    if packed * 8 <= blocks * 7 {
        segment.clear();
        segment.resize(packed * BLOCK - room.len(), 0);
        segment.extend_from_slice(room);
    } else {
        segment.resize(blocks * BLOCK, 0);
    }
}
