//! The manifest of a pack: JSON in one form only (RFC 8785: members sorted, no blanks).

use serde::{Deserialize, Serialize};

use crate::error::Damage;
use crate::footer::Footer;
use crate::layout::{
    ALIGNMENT, LARGEST_FILE, LARGEST_LAUNCH, LARGEST_WHOLE, MOST_SECTIONS, VERSION, aligned,
};

/// Longest text of a manifest, in bytes.
const LONGEST_TEXT: usize = 256;

/// What a pack has, and by what each part is checked. Fields are in the order of their names, which is
/// that of the encoded form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The processor that program, kernel and disks are for, as in OCI: `amd64`.
    pub architecture: String,
    /// SHA-256 over everything that the pack was made of (64 hexadecimal digits): a pack with the same one
    /// has the same bytes.
    pub input: String,
    /// SHA-256 of the kernel with its modules, by which it is known elsewhere: `sha256:...`.
    pub kernel: String,
    /// `uname -r` of the machine.
    pub release: String,
    /// The sections, in the order of their offsets; the first is the program.
    pub sections: Vec<Section>,
    /// [`VERSION`].
    pub version: u32,
}

/// A part of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// By what its content is checked.
    #[serde(rename = "check")]
    pub checked: Checked,
    /// What it is.
    pub kind: Kind,
    /// Its first byte in the file.
    pub offset: u64,
    /// The serial of a disk; empty for everything else.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub serial: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The kinds of sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The program: Lazaret itself.
    Program,
    /// The kernel that boots.
    Kernel,
    /// The initramfs.
    Initramfs,
    /// A disk: a file system, and the dm-verity tree behind it.
    Disk,
    /// The launch configuration.
    Launch,
}

/// By what a section is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Checked {
    /// SHA-256 of the whole section: 64 hexadecimal digits.
    Sha256(String),
    /// The root of the section's own tree of hashes over blocks of 4 KiB
    /// (`Documentation/admin-guide/device-mapper/verity.rst`, version 1, SHA-256).
    Verity {
        /// Number of blocks that the tree covers.
        data_blocks: u64,
        /// Offset of the superblock of the tree in the section, in bytes.
        hash_offset: u64,
        /// Root of the tree: 64 hexadecimal digits.
        root_hash: String,
        /// Salt of every hash: 64 hexadecimal digits.
        salt: String,
        /// SHA-256 of the superblock's block: 64 hexadecimal digits.
        superblock: String,
    },
}

impl Kind {
    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Kernel => "kernel",
            Self::Initramfs => "initramfs",
            Self::Disk => "disk",
            Self::Launch => "launch configuration",
        }
    }

    fn limit(self) -> u64 {
        match self {
            Self::Program | Self::Kernel | Self::Initramfs => LARGEST_WHOLE,
            Self::Launch => LARGEST_LAUNCH,
            Self::Disk => LARGEST_FILE,
        }
    }
}

impl Section {
    /// Its name in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Disk => format!("disk '{}'", self.serial),
            kind => format!("the {}", kind.name()),
        }
    }

    /// The first byte behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }

    fn fault(&self) -> Option<&'static str> {
        let is_serial = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_disk = self.kind == Kind::Disk;
        if !self.serial.bytes().all(is_serial)
            || self.serial.len() > 20
            || self.serial.is_empty() == is_disk
        {
            return Some("a disk has a serial of 1 to 20 letters, digits, '_' and '-'");
        }
        if !(1..=self.kind.limit()).contains(&self.size) {
            return Some("a section has no possible size");
        }
        match &self.checked {
            Checked::Sha256(hash) => {
                (is_disk || !is_hash(hash)).then_some("a section has no possible hash")
            }
            Checked::Verity {
                data_blocks,
                hash_offset,
                root_hash,
                salt,
                superblock,
            } => {
                let hashes = [root_hash, salt, superblock]
                    .into_iter()
                    .all(|hash| is_hash(hash));
                // Behind the blocks are at least the superblock and, of more than one block, a level.
                let fits = *data_blocks > 0
                    && data_blocks.checked_mul(ALIGNMENT) == Some(*hash_offset)
                    && hash_offset.saturating_add(ALIGNMENT) <= self.size
                    && self.size.is_multiple_of(ALIGNMENT);
                (!is_disk || !hashes || !fits).then_some("a disk has no possible tree of hashes")
            }
        }
    }
}

impl Manifest {
    /// Reads a manifest, whose digest the caller has compared.
    ///
    /// # Errors
    /// [`Damage::Manifest`].
    pub fn parse(bytes: &[u8], footer: &Footer) -> Result<Self, Damage> {
        let bad = |reason: &str| Damage::Manifest(reason.to_owned());
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| Damage::Manifest(error.to_string()))?;
        if manifest.encode() != bytes {
            return Err(bad("it is not in its one form"));
        }
        match manifest.fault(footer) {
            None => Ok(manifest),
            Some(reason) => Err(bad(reason)),
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and texts become JSON")
    }

    /// The only section of a kind.
    #[must_use]
    pub fn section(&self, kind: Kind) -> Option<&Section> {
        self.sections.iter().find(|section| section.kind == kind)
    }

    /// The disks.
    pub fn disks(&self) -> impl Iterator<Item = &Section> {
        let disks = self.sections.iter();
        disks.filter(|section| section.kind == Kind::Disk)
    }

    fn fault(&self, footer: &Footer) -> Option<&'static str> {
        if self.version != VERSION {
            return Some("its version is another one than the footer's");
        }
        let texts = [&self.architecture, &self.kernel, &self.release];
        let is_plain = |text: &&String| {
            (1..=LONGEST_TEXT).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        if !texts.iter().all(is_plain) || !is_hash(&self.input) {
            return Some("a text is empty, too long or has control characters");
        }
        if self.sections.len() > MOST_SECTIONS {
            return Some("it has too many sections");
        }
        if let Some(fault) = self.sections.iter().find_map(Section::fault) {
            return Some(fault);
        }
        let count = |kind| self.sections.iter().filter(|of| of.kind == kind).count();
        let single = [Kind::Program, Kind::Kernel, Kind::Initramfs, Kind::Launch];
        if single.iter().any(|kind| count(*kind) != 1) {
            return Some("it has not one program, kernel, initramfs and launch configuration");
        }
        let mut serials: Vec<&str> = self.disks().map(|disk| disk.serial.as_str()).collect();
        serials.sort_unstable();
        if serials.is_empty() || serials.windows(2).any(|pair| pair[0] == pair[1]) {
            return Some("it has no disk, or two with one serial");
        }
        let mut at = 0;
        for section in &self.sections {
            if section.offset != at || section.end() > footer.manifest {
                return Some("a section is not where it must be");
            }
            at = aligned(section.end());
        }
        let is_first = self
            .sections
            .first()
            .is_some_and(|first| first.kind == Kind::Program && first.size == footer.program);
        (!is_first || at != footer.manifest).then_some("its sections do not fill the file")
    }
}

/// Whether a text is a SHA-256 in small hexadecimal digits.
pub(crate) fn is_hash(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests;
