//! What a machine has changed: the upper folder of an overlay on its scratch disk, compared with the
//! image's disk below.
//!
//! ```text
//! upper                                     below         change      in a layer
//! file, link, device, FIFO                  nothing       added       the entry
//! file, link, device, FIFO                  anything      changed     the entry
//! folder                                    no folder     added, or changed: the entry
//! folder, with other attributes or content  folder        changed     the entry
//! character device 0:0                      anything      deleted     .wh.NAME
//! what an opaque folder does not have       anything      deleted     .wh..wh..opq in the folder
//! ```
//! The scratch disk was written by the machine, and nothing on it is trusted ([`DiskReader`]).

mod layer;
mod list;
mod made;
mod overlay;
#[cfg(test)]
mod tests;
mod walk;

pub use layer::pack_changes;
pub use made::Made;
pub use overlay::{Change, ChangeKind, Overlay};
