//! What the daemon does, with one file for each kind of act.

pub(crate) mod attach;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod exec;
pub(crate) mod files;
mod finish;
pub(crate) mod life;
pub(crate) mod list;
pub(crate) mod logs;
mod named;
mod nothing;
mod process;
mod progress;
pub(crate) mod stats;
pub(crate) mod system;
pub(crate) mod volumes;
pub(crate) mod wait;
mod wanted;
