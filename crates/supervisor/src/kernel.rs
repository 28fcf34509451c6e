//! The commands on kernels of the store. The store itself is in `lazaret-vm`.

mod distribution;
mod export;
mod kind;
mod provide;
mod registry;
mod store;

pub use export::ExportedKernel;
pub use kind::{Kernel, KernelSource};
pub use provide::FetchedKernel;
