//! Blobs of upstreams: each is fetched once for all who read it, and stored when its digest is
//! right.
//!
//! ```text
//! reading (one client) -> fills (all that is under way) -> fill (one blob: what is absent, in order)
//!      \                       |                             |-> store (into the registry's content)
//!       \----------------> partial: file, present ranges, verdict
//! ```

mod files;
mod fill;
mod fills;
mod origin;
mod partial;
mod ranges;
mod reading;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use fills::Fills;
pub(crate) use origin::Origin;
pub(crate) use partial::Key;
pub(crate) use reading::Reading;
pub(crate) use store::Store;
