//! Catalogues: files that give short names to prebuilt disks and kernels. They are searched before
//! any registry is asked.
//!
//! ```json
//! {
//!   "version": 1,
//!   "images": [
//!     {"name": "debian-12", "distro": "debian", "arch": "amd64", "kernel": "cloud-6.1",
//!      "url": "https://images.example/debian-12.tar.zst", "sha256": "...", "size": 41943040}
//!   ],
//!   "kernels": [
//!     {"name": "cloud-6.1", "arch": "amd64", "url": "linux-image.deb", "sha256": "...", "size": 52428800}
//!   ]
//! }
//! ```
//! A `url` is absolute, or a path relative to the catalogue.

mod add_kernel;
mod build;
mod bundle;
mod document;
mod fetch;
mod find;
mod image;
mod kernel;

pub use add_kernel::CatalogueKernelRequest;
pub use build::{BuiltBundle, BundleRequest};
pub use document::{CatalogueImage, CatalogueKernel};
