//! The format of packs: files that are a program and everything that its machine boots from.
//!
//! ```text
//! 0                 the program (an ELF), marked as that of a pack
//! 4096 * n          kernel, initramfs, disks, launch configuration: sections, each at a multiple of 4 KiB
//! manifest offset   the manifest: what the sections are, and by which hashes they are checked (JSON)
//!                   the signature over the manifest's digest, if there is one (JSON)
//! end - 128         the footer: where the manifest is, and its digest
//! ```
//! The digest in the footer is the root of a tree of hashes: it covers the manifest, the manifest each
//! section, and the dm-verity tree of a disk each of its blocks of 4 KiB. What is between sections is zero.
//! `docs/design/packs.md` has every field. A pack comes from anywhere: all numbers are checked, and what
//! this crate gives has been compared with its digest.
//!
//! What a disk or a launch configuration means is not known here.

mod error;
mod footer;
mod foreign;
mod layout;
mod manifest;
mod open;
mod program;
mod signature;
mod verify;
mod write;

pub use error::{Damage, Error};
pub use footer::{FOOTER_BYTES, Footer, NoFooter};
pub use foreign::{ForeignPack, LARGEST_FOREIGN_MANIFEST};
pub use layout::{
    ALIGNMENT, LARGEST_LAUNCH, LARGEST_MANIFEST, LARGEST_PROGRAM, MOST_SECTIONS, VERSION,
};
pub use manifest::{Checked, Kind, Manifest, Section};
pub use open::Pack;
pub use program::{Marker, is_of_pack};
pub use signature::{Key, PublicKey, Signature};
pub use write::{Writer, hash_program};
