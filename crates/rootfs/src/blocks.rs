//! The blocks of a disk image while it is written: allocation, and the data of files.

mod alloc;
mod compress;
mod data;
mod disk;
mod output;
mod unit;
mod writer;

pub(crate) use compress::{Packed, SEGMENT};
pub(crate) use data::{CHUNK, Source, push};
pub(crate) use disk::{Blocks, HELD_MAX, Layout};
pub(crate) use unit::{BLOCK, BLOCK_U64};

/// The UUID, hash seed, label and time that a superblock records.
pub(crate) struct Identity {
    pub(crate) uuid: [u8; 16],
    pub(crate) hash_seed: [u8; 16],
    pub(crate) label: Vec<u8>,
    pub(crate) epoch: u32,
}

/// The totals of a finished disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) blocks: u64,
    pub(crate) used_blocks: u64,
    pub(crate) inodes_used: u64,
}
