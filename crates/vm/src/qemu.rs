//! The QEMU driver: finds QEMU, starts it with a plan, and watches it.

mod arguments;
mod binary;
mod capture;
mod files;
mod identity;
mod machine;
mod qmp;
mod restore;
mod save;
#[cfg(test)]
mod tests;
mod trial;

pub use arguments::{Descriptors, arguments};
pub use binary::Qemu;
pub use capture::Captured;
pub use machine::{Machine, Streams};

#[cfg(test)]
pub(crate) use tests::example_plan;
