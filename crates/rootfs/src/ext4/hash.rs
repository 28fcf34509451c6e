//! The half-MD4 hash with which Linux finds a name in a large directory: 24 steps of MD4, keyed.

#[cfg(test)]
mod tests;

/// Number of the hash in the superblock and in directories.
pub(super) const HALF_MD4: u8 = 1;
/// The largest hash marks the end of a directory; a name that hashes to it gets `LAST` instead.
const END: u32 = 0xffff_fffe;
const LAST: u32 = 0xffff_fffc;

/// Hashes names with the seed of one file system.
pub(super) struct NameHash([u32; 4]);

impl NameHash {
    pub(super) fn new(seed: &[u8; 16]) -> Self {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(seed.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        if words == [0; 4] {
            words = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
        }
        Self(words)
    }

    /// The major hash, always even, which orders names, and the minor hash, which orders equal
    /// ones.
    pub(super) fn of(&self, name: &[u8]) -> (u32, u32) {
        let mut state = self.0;
        for start in (0..name.len()).step_by(32) {
            mix(&mut state, &words(&name[start..]));
        }
        let major = state[1] & !1;
        (if major == END { LAST } else { major }, state[2])
    }
}

/// Up to 32 bytes as words. Bytes are signed; the length of the rest of the name is the padding.
fn words(rest: &[u8]) -> [u32; 8] {
    let length = u32::try_from(rest.len()).unwrap_or(u32::MAX) & 0xff;
    let pad = length * 0x0101_0101;
    let mut words = [pad; 8];
    for (word, bytes) in words.iter_mut().zip(rest.chunks(4)) {
        for &byte in bytes {
            let signed = i32::from(byte.cast_signed()).cast_unsigned();
            *word = signed.wrapping_add(*word << 8);
        }
    }
    words
}

fn mix(state: &mut [u32; 4], input: &[u32; 8]) {
    const ROUNDS: [(u32, [usize; 8], [u32; 4]); 3] = [
        (0, [0, 1, 2, 3, 4, 5, 6, 7], [3, 7, 11, 19]),
        (0x5a82_7999, [1, 3, 5, 7, 0, 2, 4, 6], [3, 5, 9, 13]),
        (0x6ed9_eba1, [3, 7, 2, 6, 1, 5, 0, 4], [3, 9, 11, 15]),
    ];
    let [mut a, mut b, mut c, mut d] = *state;
    for (round, (constant, order, shifts)) in ROUNDS.into_iter().enumerate() {
        for (step, word) in order.into_iter().enumerate() {
            let f = match round {
                0 => d ^ (b & (c ^ d)),
                1 => (b & c).wrapping_add((b ^ c) & d),
                _ => b ^ c ^ d,
            };
            let sum = a
                .wrapping_add(f)
                .wrapping_add(input[word])
                .wrapping_add(constant);
            (a, d, c, b) = (d, c, b, sum.rotate_left(shifts[step % 4]));
        }
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d]) {
        *word = word.wrapping_add(more);
    }
}
