//! ext4 disks: what was written is read back, and changed bytes are borne.
#![no_main]

mod disk;

use lazaret_rootfs::FileSystem;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| disk::check(FileSystem::Ext4, input));
