//! One-file machines: packs (`lazaret-pack` has their format). Here images, bundles and checkpoints become
//! packs, and packs become machines.
//!
//! * `source`: what a pack is made of; `checkpoint`: a machine that was saved
//! * `disks`: the disks in it
//! * `launch`: what is settled about the run, as it is packed
//! * `create`: writes a pack, unless there is one of the same input
//! * `ready`: opens a pack for a machine, which is checked before it is used
//! * `trust`: whose packs are opened
//! * `known`: the packs that were checked on this host
//! * `inspect`, `push`, `pull`

mod artifact;
mod checkpoint;
mod create;
mod disks;
mod foreign;
mod inspect;
mod known;
mod launch;
mod pull;
mod push;
mod ready;
mod source;
mod trust;

pub use create::{MadePack, PackRequest};
pub use foreign::ForeignSummary;
pub use inspect::{InspectedPack, PackPart, VerifiedPack};
pub use lazaret_pack::{Error as PackFormatError, is_of_pack as is_program_of_pack};
pub use pull::PulledPack;

use std::path::Path;

use lazaret_pack::Pack;

use crate::Error;

/// Whether this very program is a pack; messages call it `path`.
///
/// # Errors
/// Those of [`Pack::open`], when the program was one and is not whole any more.
pub fn own_pack(path: &Path) -> Result<bool, Error> {
    Ok(Pack::of_program(path)?.is_some())
}
