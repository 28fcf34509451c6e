//! The footer: the last 128 bytes of a pack.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 16 | `LAZARET PACK` CR LF 0x1a LF |
//! | 16 | 4 | version |
//! | 20 | 4 | zero |
//! | 24 | 8 | size of the file |
//! | 32 | 8 | size of the program |
//! | 40 | 8 | offset of the manifest |
//! | 48 | 8 | size of the manifest |
//! | 56 | 8 | size of the signature, which follows the manifest; 0 without one |
//! | 64 | 32 | SHA-256 of the manifest |
//! | 96 | 32 | SHA-256 of the 96 bytes before |
//!
//! Numbers are little-endian. There is one footer that fits a given pack: a changed bit is always found.

use crate::error::Damage;
use crate::layout::{
    LARGEST_FILE, LARGEST_MANIFEST, LARGEST_PROGRAM, LARGEST_SIGNATURE, VERSION, aligned,
};
use crate::verify::sha256;

/// Size of a footer.
pub const FOOTER_BYTES: usize = 128;
const CHECKED: usize = 96;
const MAGIC: &[u8; 16] = b"LAZARET PACK\r\n\x1a\n";

/// Where the manifest of a pack is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Size of the whole file, in bytes.
    pub file: u64,
    /// Size of the program, in bytes.
    pub program: u64,
    /// Offset of the manifest, in bytes.
    pub manifest: u64,
    /// Size of the manifest, in bytes.
    pub manifest_size: u64,
    /// Size of the signature in bytes, 0 without one.
    pub signature_size: u64,
    /// SHA-256 of the manifest.
    pub digest: [u8; 32],
}

/// Why there is no footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFooter {
    /// The bytes are something else.
    Absent,
    /// A footer of another version.
    Version(u32),
    /// A footer that cannot be.
    Damaged(Damage),
}

impl Footer {
    /// Reads the footer of a file of `size` bytes.
    ///
    /// # Errors
    /// [`NoFooter`].
    pub fn decode(bytes: &[u8; FOOTER_BYTES], size: u64) -> Result<Self, NoFooter> {
        if !bytes.starts_with(MAGIC) {
            return Err(NoFooter::Absent);
        }
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let bad = |reason| Err(NoFooter::Damaged(Damage::Footer(reason)));
        if sha256(&bytes[..CHECKED]) != bytes[CHECKED..] {
            return bad("its own hash is another one");
        }
        // The high half is zero.
        let version = word(16);
        if version != u64::from(VERSION) {
            return Err(NoFooter::Version(
                u32::try_from(version & u64::from(u32::MAX)).unwrap_or(u32::MAX),
            ));
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[64..CHECKED]);
        let footer = Self {
            file: word(24),
            program: word(32),
            manifest: word(40),
            manifest_size: word(48),
            signature_size: word(56),
            digest,
        };
        if footer.file != size {
            return bad("the file has another size");
        }
        match footer.fault() {
            None => Ok(footer),
            Some(reason) => bad(reason),
        }
    }

    fn fault(&self) -> Option<&'static str> {
        if self.file > LARGEST_FILE || self.manifest > self.file {
            return Some("it names a place outside the file");
        }
        if !(1..=LARGEST_PROGRAM).contains(&self.program) {
            return Some("its program has no possible size");
        }
        if !(1..=LARGEST_MANIFEST).contains(&self.manifest_size)
            || self.signature_size > LARGEST_SIGNATURE
        {
            return Some("its manifest or signature has no possible size");
        }
        let end = self.manifest + self.manifest_size + self.signature_size;
        if end + FOOTER_BYTES as u64 != self.file
            || self.manifest < self.program
            || self.manifest != aligned(self.manifest)
        {
            return Some("its manifest is not where it must be");
        }
        None
    }

    /// The bytes of the footer.
    #[must_use]
    pub fn encode(&self) -> [u8; FOOTER_BYTES] {
        let mut bytes = [0; FOOTER_BYTES];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..20].copy_from_slice(&VERSION.to_le_bytes());
        let words = [
            self.file,
            self.program,
            self.manifest,
            self.manifest_size,
            self.signature_size,
        ];
        for (number, word) in words.into_iter().enumerate() {
            let at = 24 + number * 8;
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
        bytes[64..CHECKED].copy_from_slice(&self.digest);
        let hash = sha256(&bytes[..CHECKED]);
        bytes[CHECKED..].copy_from_slice(&hash);
        bytes
    }
}

#[cfg(test)]
mod tests;
