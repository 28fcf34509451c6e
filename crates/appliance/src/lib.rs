//! Guest images: disks that boot by themselves and answer the host.
//!
//! ```text
//! busybox -> its libraries (ELF, as the dynamic loader would find them), its applets
//! agent                                                                           } -> ext4
//! /init, passwd, group, markers of architecture and protection mode
//! ```
//! [`GuestImage::plan`] looks at the inputs and decides on every file; [`GuestImage::write`] makes the
//! disk. The same inputs give the same bytes, whoever builds it, where and when. [`check`] reads a disk
//! back and says everything that it lacks.
//!
//! No program is run to learn anything: not `ldd`, not busybox. The crate knows nothing of names,
//! kernels or machines; `supervisor` brings the inputs.

mod applets;
mod check;
mod elf;
mod error;
mod image;
mod init;
mod libraries;

pub use check::{Checked, Expected, check};
pub use elf::{Elf, ElfFault};
pub use error::Error;
pub use image::{ExtraFile, GuestImage, Inputs, LABEL, SIZE};
pub use init::{AGENT, CONTROL_PORT};
pub use libraries::{Library, Search, libraries};
