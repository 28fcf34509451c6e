//! The QEMU driver: finds QEMU, starts it with a plan, and watches it.

mod arguments;
mod binary;
mod console;
mod machine;
mod process;
mod tail;
#[cfg(test)]
mod tests;

pub use arguments::{Descriptors, arguments};
pub use binary::Qemu;
pub use machine::Machine;
pub use process::Diagnostics;

#[cfg(test)]
pub(crate) use tests::example_plan;
