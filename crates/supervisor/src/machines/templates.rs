//! Templates of machines: which exist, which process keeps their memory, and when one is made.
//!
//! ```text
//! <cache>/templates/
//!     <key>/              a template, as `lazaret-vm` writes it
//!     <key>.lock          held by its keeper
//!     <key>.socket        its keeper answers here
//!     lazaret-<random>/   one that is being made
//! ```
//! The memory of a template is a sealed memfd that all machines of the template map. A **keeper**
//! holds it between machines, so that it is not read again at each start: a process that makes the
//! template if there is none, hands its memory to whoever connects, and ends when nobody has asked
//! for a while.
//!
//! A checkpoint of a machine (`checkpoints`) has its memory in a template, too, beside its disks; it has
//! a keeper of its own while machines begin from it, and is never made anew.
//!
//! * [`Starter`]: starts machines, from a template where there is one
//! * [`keep`]: the keeper

mod keeper;
mod pass;
mod starter;
mod store;

pub use keeper::keep;
pub(super) use starter::{Running, Starter};
pub(super) use store::Templates;
pub(crate) use store::list;
