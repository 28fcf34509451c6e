//! What a node, a machine that runs containers, has to do with the mirror.
//!
//! ```text
//! Wish --plan--> Plan (files before and after) --apply--> files and a record
//!                                                            |
//!                files as they were <--revert-- Undo <--undo-'               `install`
//! mirror.runmd, .runmd of the original mirror --> its settings here, hosts, what is left   `runmd`
//! ```
//! `install` handles files below a root folder that the caller names; `runmd` is given text. The crate
//! speaks to no engine, restarts nothing, and never reads the environment.

#[doc(hidden)]
pub mod fuzzing;
pub mod install;
mod runmd;

pub use runmd::{
    Credentials, Dialect, File, Files, Format, Hosts, HostsAddress, ImportError, Imported, Left,
    Listen, Method, Origin, Pipeline, Route, Stage, Upstream, import, namespace_of_folder,
};
