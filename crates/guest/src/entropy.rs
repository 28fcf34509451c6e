//! Credits the host's random bytes to the kernel's pool, so that programs that need
//! randomness early neither wait nor get the same bytes as in another machine.

use rustix::fs::{Mode, OFlags};
use rustix::ioctl::{Setter, opcode};

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

/// Mixes `seed` into the pool and counts each of its bits as random.
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
    Ok(())
}

#[allow(unsafe_code)]
fn add(pool: &rustix::fd::OwnedFd, info: PoolInfo) -> rustix::io::Result<()> {
    // SAFETY: RNDADDENTROPY reads two integers and then as many bytes as the second one says,
    // which is at most the length of the buffer that follows it in the same structure.
    unsafe { rustix::ioctl::ioctl(pool, Setter::<RNDADDENTROPY, PoolInfo>::new(info)) }
}
