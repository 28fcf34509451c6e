//! Credits the host's random bytes to the kernel's pool, so that programs that need
//! randomness early neither wait nor get the same bytes as in another machine. That other machine may
//! have begun with the same memory, generator included.

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::ioctl::{NoArg, Setter, opcode};

use crate::error::{Context as _, Result};

/// Number of bytes that are credited by one call.
const PIECE: usize = 64;

/// `struct rand_pool_info` of `linux/random.h`, with room for one piece.
#[repr(C)]
#[derive(Clone, Copy)]
struct PoolInfo {
    entropy_bits: i32,
    bytes: i32,
    buffer: [u8; PIECE],
}

/// `_IOW('R', 0x03, int[2])` of `linux/random.h`.
const RNDADDENTROPY: rustix::ioctl::Opcode = opcode::write::<[i32; 2]>(b'R', 3);

/// `_IO('R', 0x07)` of `linux/random.h`.
const RNDRESEEDCRNG: rustix::ioctl::Opcode = opcode::none(b'R', 7);

/// Mixes `seed` into the pool, counts each of its bits as random, and has the generator make its next
/// bytes of them.
pub(crate) fn credit(seed: &[u8]) -> Result<()> {
    if seed.is_empty() {
        return Ok(());
    }
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let pool = rustix::fs::open("/dev/urandom", flags, Mode::empty())
        .context(|| "open /dev/urandom".to_owned())?;
    for piece in seed.chunks(PIECE) {
        let mut info = PoolInfo {
            entropy_bits: 0,
            bytes: 0,
            buffer: [0; PIECE],
        };
        for (to, from) in info.buffer.iter_mut().zip(piece) {
            *to = *from;
            info.bytes += 1;
            info.entropy_bits += 8;
        }
        add(&pool, info).context(|| "credit entropy".to_owned())?;
    }
    match reseed(&pool) {
        // A generator that has never been seeded takes what is in the pool as soon as it can.
        Ok(()) | Err(Errno::NODATA) => Ok(()),
        result => result.context(|| "reseed the random number generator".to_owned()),
    }
}

#[allow(unsafe_code)]
fn reseed(pool: &rustix::fd::OwnedFd) -> rustix::io::Result<()> {
    // SAFETY: RNDRESEEDCRNG has no argument.
    unsafe { rustix::ioctl::ioctl(pool, NoArg::<RNDRESEEDCRNG>::new()) }
}

#[allow(unsafe_code)]
fn add(pool: &rustix::fd::OwnedFd, info: PoolInfo) -> rustix::io::Result<()> {
    // SAFETY: RNDADDENTROPY reads two integers and then as many bytes as the second one says,
    // which is at most the length of the buffer that follows it in the same structure.
    unsafe { rustix::ioctl::ioctl(pool, Setter::<RNDADDENTROPY, PoolInfo>::new(info)) }
}

#[cfg(test)]
mod tests;
