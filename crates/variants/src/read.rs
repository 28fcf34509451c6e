//! Reads the tables of the document, and checks what several of them must agree on. A value with a
//! fault is left out; what else is wrong with its table is told all the same.

mod artifact;
mod control_plane;
mod declared;
mod distribution;
mod host;
mod machine;
mod recipe;

use crate::section::Section;
use crate::{ArtifactKind, Document};

use artifact::read_artifacts;
use control_plane::read_control_planes;
use declared::Declared;
use host::read_hosts;
use machine::read_machines;

/// The tables of Port that have no meaning here.
const IGNORED: [&str; 3] = ["nodes", "host_groups", "clusters"];

/// Reads the whole document. What is wrong with it goes to the section's sink.
pub(crate) fn read(root: Section<'_>) -> Document {
    let mut document = Document::default();
    let mut declared = Declared::default();
    for key in IGNORED {
        root.ignore(key);
    }
    if let Some(section) = root.maybe_section("control_planes") {
        document.control_planes = read_control_planes(&section, &mut declared);
    }
    if let Some(section) = root.section("hosts") {
        document.hosts = read_hosts(&section, &mut declared);
    }
    if let Some(section) = root.section("artifacts") {
        if let Some(kernels) = section.section("kernels") {
            document.kernels = read_artifacts(&kernels, ArtifactKind::Kernel, &mut declared);
        }
        if let Some(images) = section.section("guest_images") {
            document.guest_images =
                read_artifacts(&images, ArtifactKind::GuestImage, &mut declared);
        }
        section.finish();
    }
    if let Some(section) = root.section("machines") {
        document.machines = read_machines(&section, &declared);
    }
    root.finish();
    document
}
