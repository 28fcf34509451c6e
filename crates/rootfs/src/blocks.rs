//! The blocks of a disk in the making: handed out, and filled with the data of files as it arrives.

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

/// What a file system says of itself.
pub(crate) struct Identity {
    pub(crate) uuid: [u8; 16],
    pub(crate) hash_seed: [u8; 16],
    pub(crate) label: Vec<u8>,
    pub(crate) epoch: u32,
}

/// What a finished disk amounts to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) blocks: u64,
    pub(crate) used_blocks: u64,
    pub(crate) inodes_used: u64,
}
