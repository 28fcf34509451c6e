//! The jail around QEMU: a process that a guest took over finds nothing to take.
//!
//! ```text
//! holder                                   child, between clone and exec
//! Cell::prepare: paths, rules, filter ---> clone3 (processes, user) -> enter: names, network, files,
//!                                          limits, user, capabilities, Landlock, system calls -> exec
//!        <-- Jail: which parts hold -------+
//! ```
//! Everything that allocates or may fail in an interesting way is done before the clone; after it only
//! system calls are made. Each part is independent of the others: what a host does not have is left out
//! and told ([`Jail::missing`]), unless the user requires all of them ([`JailMode::Require`]).
//!
//! * `report`: the parts, and which of them hold
//! * `cell`: what is prepared for one process
//! * `enter`: what the process does with itself
//! * `view`: the files that are shown to it; `show` makes them its root
//! * `landlock`, `filter`: rules for files, and for system calls
//! * `group`: limits of memory and threads, which are no wall and therefore no part

mod call;
mod cell;
mod elf;
mod enter;
mod filter;
mod group;
mod landlock;
mod report;
mod show;
#[cfg(test)]
mod tests;
mod user;
mod view;

pub(crate) use cell::{Cell, Needs};
pub(crate) use enter::enter;
pub(crate) use group::Group;
pub use group::{control_groups, sweep_control_groups};
pub(crate) use report::Outcome;
pub use report::{Jail, JailMode, JailPart, MissingPart};
