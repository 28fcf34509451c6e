//! Sets up dm-verity on a disk, so that the kernel checks each block against the root hash.
//!
//! The superblock after the file system (cryptsetup's "DMVerity" document) describes the layout of
//! the hash tree. It need not be trusted: whatever it says, only blocks that hash to the root are
//! readable.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fd::AsFd;
use rustix::ioctl::{Opcode, Updater, opcode};

use crate::error::{Context as _, Error, Result};

const SUPERBLOCK_BYTES: usize = 512;
const BLOCK: u64 = 4096;
const SECTORS: u64 = BLOCK / 512;
const NAME: &[u8] = b"root";
const APPEARS_WITHIN: Duration = Duration::from_secs(10);

/// Size in bytes of `struct dm_ioctl` and the data after it, in one buffer (`linux/dm-ioctl.h`).
const IOCTL_BYTES: usize = 312;
const TARGET_BYTES: usize = 40;
const REQUEST_BYTES: usize = 1024;
type Request = [u8; REQUEST_BYTES];

/// The kernel encodes the size of `struct dm_ioctl` alone in the opcode.
const CREATE: Opcode = opcode::read_write::<[u8; IOCTL_BYTES]>(0xfd, 3);
const ACTIVATE: Opcode = opcode::read_write::<[u8; IOCTL_BYTES]>(0xfd, 6);
const LOAD_TABLE: Opcode = opcode::read_write::<[u8; IOCTL_BYTES]>(0xfd, 9);
const READ_ONLY: usize = 1;

/// The hash tree of a disk, as its superblock describes it.
#[derive(Debug, PartialEq, Eq)]
struct Tree {
    data_blocks: u64,
    salt: Vec<u8>,
}

/// A device with the disk's data, on which reading fails where the data does not match the root
/// hash.
///
/// # Errors
/// Also when there is no valid superblock. That the tree does not belong to the root hash is
/// noticed only when the device is read.
pub(crate) fn open(disk: &Path, root_hash: &str, hash_offset: u64) -> Result<PathBuf> {
    let refused = |value: &str, reason| Error::Refused {
        field: "root hash",
        value: value.to_owned(),
        reason,
    };
    if root_hash.len() != 64 || !root_hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused(root_hash, "it is not 64 hexadecimal digits"));
    }
    if !hash_offset.is_multiple_of(BLOCK) {
        return Err(refused(
            root_hash,
            "its tree does not begin at a block of 4096",
        ));
    }
    let mut superblock = [0; SUPERBLOCK_BYTES];
    File::open(disk)
        .and_then(|file| file.read_exact_at(&mut superblock, hash_offset))
        .context(|| format!("read the verity superblock of {}", disk.display()))?;
    let tree = parse(&superblock)
        .ok_or_else(|| refused(root_hash, "there is no verity tree behind the disk"))?;
    let table = table(disk, &tree, root_hash, hash_offset);
    let device = activate(&tree, &table)?;
    let deadline = Instant::now() + APPEARS_WITHIN;
    while !device.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(device)
}

/// Parses a superblock: version 1, SHA-256, blocks of 4 KiB, as Lazaret writes it.
fn parse(superblock: &[u8; SUPERBLOCK_BYTES]) -> Option<Tree> {
    let word = |at: usize| {
        let bytes = superblock.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let fits = superblock.starts_with(b"verity\0\0")
        && word(8) == Some(1)
        && word(12) == Some(1)
        && superblock.get(32..39) == Some(b"sha256\0")
        && word(64) == Some(4096)
        && word(68) == Some(4096);
    let data_blocks = u64::from_le_bytes(superblock.get(72..80)?.try_into().ok()?);
    let salt_bytes = usize::from(u16::from_le_bytes(superblock.get(80..82)?.try_into().ok()?));
    let salt = superblock.get(88..88 + salt_bytes.min(256))?.to_vec();
    let sectors_fit = data_blocks.checked_mul(SECTORS).is_some();
    (fits && sectors_fit && data_blocks > 0).then_some(Tree { data_blocks, salt })
}

/// The target's parameters, in the format of `Documentation/admin-guide/device-mapper/verity.rst`.
fn table(disk: &Path, tree: &Tree, root_hash: &str, hash_offset: u64) -> String {
    let salt = lazaret_values::hex(&tree.salt);
    let salt = if salt.is_empty() {
        "-".to_owned()
    } else {
        salt
    };
    let disk = disk.display();
    // The tree begins one block after its superblock.
    let start = hash_offset / BLOCK + 1;
    let blocks = tree.data_blocks;
    format!("1 {disk} {disk} 4096 4096 {blocks} {start} sha256 {root_hash} {salt}")
}

/// Creates the device; `dev` in the answer gives its device number.
fn activate(tree: &Tree, table: &str) -> Result<PathBuf> {
    let control = File::options()
        .read(true)
        .write(true)
        .open("/dev/mapper/control")
        .context(|| "open the device mapper (is dm_verity loaded?)".to_owned())?;
    let mut created = request(None);
    call::<CREATE>(&control, &mut created).context(|| "make a verity device".to_owned())?;
    let mut load = request(Some((tree.data_blocks * SECTORS, table)));
    call::<LOAD_TABLE>(&control, &mut load).context(|| format!("set up verity: {table}"))?;
    call::<ACTIVATE>(&control, &mut request(None))
        .context(|| "start the verity device".to_owned())?;
    let device = created.get(40..48).and_then(|bytes| bytes.try_into().ok());
    let device = u64::from_ne_bytes(device.unwrap_or_default());
    let minor = (device & 0xff) | ((device >> 12) & 0xf_ff00);
    Ok(PathBuf::from(format!("/dev/dm-{minor}")))
}

/// A request for the device, with a table of one line: the number of sectors and the parameters.
fn request(table: Option<(u64, &str)>) -> Request {
    let mut bytes = Vec::with_capacity(REQUEST_BYTES);
    let words = [
        4, // version 4.0.0
        0,
        0,
        REQUEST_BYTES,
        IOCTL_BYTES, // where the table begins
        usize::from(table.is_some()),
        0,
        READ_ONLY,
        0,
        0,
    ];
    let words = words.map(|word| u32::try_from(word).unwrap_or_default());
    bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    bytes.extend(0_u64.to_ne_bytes());
    bytes.extend(NAME);
    bytes.resize(IOCTL_BYTES, 0);
    if let Some((sectors, parameters)) = table {
        bytes.extend(0_u64.to_ne_bytes()); // first sector
        bytes.extend(sectors.to_ne_bytes());
        bytes.extend([0; 8]); // status, offset of the next line
        bytes.extend(b"verity");
        bytes.resize(IOCTL_BYTES + TARGET_BYTES, 0);
        bytes.extend(parameters.as_bytes());
    }
    let mut request = [0; REQUEST_BYTES];
    // The last byte stays zero and terminates the parameters.
    for (to, from) in request.iter_mut().take(REQUEST_BYTES - 1).zip(bytes) {
        *to = from;
    }
    request
}

#[allow(unsafe_code)]
fn call<const OPCODE: Opcode>(control: impl AsFd, request: &mut Request) -> rustix::io::Result<()> {
    // SAFETY: device mapper requests read and write no more bytes than `data_size` says, which is
    // the size of the array.
    unsafe { rustix::ioctl::ioctl(control, Updater::<OPCODE, Request>::new(request)) }
}

#[cfg(test)]
mod tests;
