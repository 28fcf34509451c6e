//! `artifacts.kernels.NAME` and `artifacts.guest_images.NAME`.

use std::collections::BTreeMap;

use super::declared::Declared;
use super::distribution::read_distribution;
use super::recipe::{read_guest, read_kernel};
use crate::part::check_parts;
use crate::section::Section;
use crate::{
    Architecture, Artifact, ArtifactKind, ArtifactReference, Error, ProtectionMode, Recipe,
    Selector, Substrate, Variant, check_part,
};

/// Reads all artifacts of a kind.
pub(super) fn read_artifacts(
    section: &Section<'_>,
    kind: ArtifactKind,
    declared: &mut Declared,
) -> BTreeMap<String, Artifact> {
    let mut artifacts = BTreeMap::new();
    for (name, section) in section.named() {
        let (variants, selectors) = read_variants(&section);
        let names = match kind {
            ArtifactKind::Kernel => &mut declared.kernels,
            ArtifactKind::GuestImage => &mut declared.guest_images,
        };
        names.insert(name.clone(), selectors.clone());
        let known = selectors.as_deref().unwrap_or_default();
        if let Some(artifact) = read_artifact(&name, section, kind, variants, known, declared) {
            artifacts.insert(name, artifact);
        }
    }
    artifacts
}

fn read_artifact(
    name: &str,
    section: Section<'_>,
    kind: ArtifactKind,
    variants: Vec<Variant>,
    selectors: &[Selector],
    declared: &Declared,
) -> Option<Artifact> {
    let is_named = check_part("name of an artifact", name)
        .map_err(|error| section.fault_here(error.to_string()));
    let build = section.text("build");
    let validate = section.text("validate");
    let reference = section.section("reference").and_then(read_reference);
    let distribution = section.section("distribution");
    let distribution = distribution
        .and_then(|part| read_distribution(part, reference.as_ref(), selectors, declared));
    let recipe = match kind {
        ArtifactKind::Kernel => Recipe::Kernel(read_kernel(&section)),
        ArtifactKind::GuestImage => Recipe::GuestImage(read_guest(&section)),
    };
    section.finish();
    is_named.ok()?;
    Some(Artifact {
        name: name.to_owned(),
        kind,
        build: build?,
        validate: validate?,
        reference: reference?,
        distribution: distribution?,
        variants,
        recipe,
    })
}

fn read_reference(section: Section<'_>) -> Option<ArtifactReference> {
    // Each part is told alone: every one may have a fault.
    let part = |key, check: fn(&str) -> Result<(), Error>| {
        let text = section.filled(key)?;
        match check(&text) {
            Ok(()) => Some(text),
            Err(error) => {
                section.fault(key, error.to_string());
                None
            }
        }
    };
    let registry = part("registry", |text| check_part("registry", text));
    let repository = part("repository", |text| check_parts("repository", text));
    let version = part("version", |text| check_part("version", text));
    section.finish();
    ArtifactReference::new(&registry?, &repository?, &version?).ok()
}

/// The variants, and their selectors unless one has a fault.
fn read_variants(section: &Section<'_>) -> (Vec<Variant>, Option<Vec<Selector>>) {
    if !section.has("variants") {
        section.fault_here("'variants' is missing");
        return (Vec::new(), None);
    }
    let sections = section.sections("variants");
    if sections.is_empty() {
        section.fault("variants", "is empty");
        return (Vec::new(), None);
    }
    let count = sections.len();
    let mut variants: Vec<Variant> = Vec::new();
    let mut selectors = Vec::new();
    for section in sections {
        let path = section.file("path");
        let filename = path.as_ref().and_then(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.filter(|_| !path.as_os_str().as_encoded_bytes().ends_with(b"/"));
            if name.is_none() {
                section.fault("path", "has no name of a file at its end");
            }
            name.map(str::to_owned)
        });
        let selector = section.section("selector").and_then(read_selector);
        if let Some(selector) = selector {
            if selectors.contains(&selector) {
                section.fault(
                    "selector",
                    format!("is {selector}, as that of another variant"),
                );
            }
            selectors.push(selector);
        }
        section.finish();
        if let (Some(path), Some(filename), Some(selector)) = (path, filename, selector) {
            variants.push(Variant {
                selector,
                path,
                filename,
            });
        }
    }
    let is_whole = selectors.len() == count;
    (variants, is_whole.then_some(selectors))
}

fn read_selector(section: Section<'_>) -> Option<Selector> {
    let architecture = section.parsed::<Architecture>("architecture");
    let substrate = section.parsed::<Substrate>("substrate");
    let protection_mode = section.parsed::<ProtectionMode>("protection_mode");
    section.finish();
    let selector = Selector {
        architecture: architecture?,
        substrate: substrate?,
        protection_mode: protection_mode?,
    };
    Some(selector.resolved().unwrap_or(selector))
}
