//! How people write what they want: filters, mounts, policies. Command line and daemon read the same.

pub mod events;
pub mod hosts;
pub mod machines;
pub mod mounts;
pub mod restart;
pub mod volumes;
