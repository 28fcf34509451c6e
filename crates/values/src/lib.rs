//! Values that several crates share. The crate is pure: it never reads a file, a clock or the
//! environment, and it knows nothing of registries or machines.

mod hex;

pub use hex::hex;
