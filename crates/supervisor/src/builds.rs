//! Builds and validates the kernels and guest images of a document (`port.toml`).
//!
//! ```text
//! lane       which variant, and whether it can be built here at all
//! origin     a source -> a file: on this host, of a package, by URL, by a command, by a flake
//!   program    runs commands: no shell, in bounded time, with what they say shown
//!   download   a URL with a digest, which goes on where it broke off
//! kernel     that file -> a kernel in the form that the lane's hypervisor boots, and its modules
//! guest      busybox, agent and files -> a disk, and the initial RAM disk beside it
//! place      the finished files take their places, whole
//! ```

mod build;
mod download;
mod found;
mod guest;
mod kernel;
mod lane;
mod origin;
mod place;
mod program;
mod validate;

pub use build::BuiltArtifact;
pub use guest::GuestSettings;
pub use lane::BuildSettings;
pub use validate::ValidatedArtifact;
