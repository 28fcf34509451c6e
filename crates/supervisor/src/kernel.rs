//! The commands on kernels of the store. The store itself is in `lazaret-vm`.

pub(crate) mod distribution;
mod export;
mod kind;
pub(crate) mod modules;
mod provide;
mod registry;
mod store;

pub use export::ExportedKernel;
pub(crate) use kind::is_package;
pub use kind::{Kernel, KernelSource};
pub use provide::FetchedKernel;
