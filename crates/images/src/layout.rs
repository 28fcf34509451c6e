//! Reads and writes OCI image layouts (image-spec 1.1, image-layout.md): an index of roots, and
//! blobs named by digest, in a folder or in a tar.
//!
//! ```text
//! oci-layout                  the version
//! index.json                  the roots: named images, and manifests that refer to others
//! blobs/<algorithm>/<hex>     manifests, configurations, layers
//! manifest.json               in tars for Docker: the same images in its own format
//! ```
//! The specification does not say where referrers are in a layout: here, as in other tools, they
//! are roots without a name.

mod docker_list;
mod files;
mod folder;
mod folder_target;
mod index_file;
mod names;
mod roots;
mod source;
mod tar_target;

pub(crate) use folder::Folder;
pub use folder_target::LayoutFolder;
pub use source::Layout;
pub use tar_target::{LayoutTar, TarKind};
