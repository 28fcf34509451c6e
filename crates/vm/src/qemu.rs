//! The QEMU driver: finds QEMU, starts it with a plan, and watches it.

mod arguments;
mod binary;
mod console;
mod identity;
mod machine;
mod process;
mod qmp;
mod restore;
mod save;
mod tail;
#[cfg(test)]
mod tests;

pub use arguments::{Descriptors, arguments};
pub use binary::Qemu;
pub use machine::Machine;
pub use process::Diagnostics;

/// Time limit for QEMU to write a machine's state, once its guest has booted.
const TRANSFER_LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

#[cfg(test)]
pub(crate) use tests::example_plan;
