//! The shapes of streamable forms.

use std::collections::BTreeMap;

use lazaret_oci::{Descriptor, Digest, Index, ManifestContent, ManifestDocument, Platform};
use serde_json::{Value, json};

use super::choice::{Step, candidates, is_streamable, link, of_index};
use crate::formats::Format;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OVERLAYBD: &str = "application/vnd.containerd.overlaybd.native.v1+json";
const TURBO: &str = "application/vnd.containerd.overlaybd.turbo.v1+json";
const ACR: &str = "application/vnd.azure.artifact.streaming.v1";
const LINK: &str = "application/vnd.azure.artifact.streaming.link.v1";
const NYDUS: &str = "application/vnd.nydus.image.manifest.v1+json";
const NYDUS_BLOB: &str = "application/vnd.oci.image.layer.nydus.blob.v1";

fn platform() -> Platform {
    "linux/amd64".parse().unwrap()
}

fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn digest(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

/// A layer with an annotation, of a type.
fn layer(kind: &str, annotation: &str) -> Value {
    let mut annotations = json!({});
    if !annotation.is_empty() {
        annotations[annotation] = json!("x");
    }
    json!({ "mediaType": kind, "digest": digest("layer"), "size": 5, "annotations": annotations })
}

fn manifest(layers: &[Value], of_manifest: &Value) -> ManifestDocument {
    let document = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest("c"), "size": 1 },
        "layers": layers,
        "annotations": of_manifest,
    });
    ManifestDocument::parse(document.to_string().into_bytes(), Some(MANIFEST)).unwrap()
}

#[test]
fn each_form_has_its_shape_and_no_other() {
    const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
    let overlaybd = || layer(TAR, "containerd.io/snapshot/overlaybd/blob-digest");
    let turbo = || {
        layer(
            TAR,
            "containerd.io/snapshot/overlaybd/turbo-oci/target-digest",
        )
    };
    let fast = || {
        layer(
            TAR,
            "containerd.io/snapshot/overlaybd/fastoci/target-digest",
        )
    };
    let bootstrap = || layer(TAR, "containerd.io/snapshot/nydus-bootstrap");
    let blob = || layer(NYDUS_BLOB, "");
    let plain = || layer(TAR, "");
    use Format::{Acr, Nydus, Overlaybd, Turbo};
    let table: &[(&str, Vec<Value>, &[Format])] = &[
        (
            "overlaybd",
            vec![overlaybd(), overlaybd()],
            &[Overlaybd, Acr],
        ),
        ("one layer is plain", vec![overlaybd(), plain()], &[]),
        ("turbo", vec![turbo(), turbo()], &[Turbo]),
        ("turbo as it was called", vec![fast(), turbo()], &[Turbo]),
        ("turbo and overlaybd", vec![turbo(), overlaybd()], &[]),
        ("nydus", vec![blob(), blob(), bootstrap()], &[Nydus]),
        ("nydus without content", vec![bootstrap()], &[Nydus]),
        (
            "the bootstrap is not the last",
            vec![bootstrap(), blob()],
            &[],
        ),
        (
            "another layer beside nydus",
            vec![plain(), bootstrap()],
            &[],
        ),
        ("plain", vec![plain()], &[]),
        ("nothing", vec![], &[]),
    ];
    for (name, layers, wanted) in table {
        let document = manifest(layers, &json!({}));
        let fits =
            |format: &&Format| is_streamable(&document, **format, &BTreeMap::new(), &platform());
        let fitting: Vec<Format> = Format::ALL.iter().filter(fits).copied().collect();
        assert_eq!(&fitting[..], *wanted, "{name}");
    }
}

#[test]
fn an_index_is_no_streamable_form() {
    let index = json!({ "schemaVersion": 2, "manifests": [] }).to_string();
    let kind = "application/vnd.oci.image.index.v1+json";
    let document = ManifestDocument::parse(index.into_bytes(), Some(kind)).unwrap();
    for format in Format::ALL {
        assert!(!is_streamable(
            &document,
            format,
            &BTreeMap::new(),
            &platform()
        ));
    }
}

#[test]
fn annotations_that_name_another_platform_decide() {
    let layers = [layer("x/y", "containerd.io/snapshot/overlaybd/blob-digest")];
    let table = [
        (vec![], true),
        (vec![("streaming.platform.os", "linux")], true),
        (vec![("streaming.platform.os", "windows")], false),
        (vec![("streaming.platform.arch", "amd64")], true),
        (vec![("streaming.platform.arch", "arm64")], false),
        (vec![("streaming.platform.architecture", "arm64")], false),
        (
            vec![
                ("streaming.platform.os", "linux"),
                ("streaming.platform.arch", "arm64"),
            ],
            false,
        ),
    ];
    for (pairs, wanted) in table {
        // Of the referrer's entry, and of the manifest itself.
        let named = annotations(&pairs);
        let bare = manifest(&layers, &json!({}));
        let fits = is_streamable(&bare, Format::Acr, &named, &platform());
        assert_eq!(fits, wanted, "{pairs:?}");
        let naming = manifest(&layers, &json!(named));
        let fits = is_streamable(&naming, Format::Acr, &BTreeMap::new(), &platform());
        assert_eq!(fits, wanted, "{pairs:?}");
        let mut entry = referrer("a", ACR);
        entry.annotations = named;
        let found = candidates(&[entry], Format::Acr, &[], &platform());
        assert_eq!(found.len(), usize::from(wanted), "{pairs:?}");
    }
}

fn referrer(content: &str, kind: &str) -> Descriptor {
    let mut entry = Descriptor::new(MANIFEST, Digest::of(content.as_bytes()), 7);
    entry.artifact_type = (!kind.is_empty()).then(|| kind.to_owned());
    entry
}

#[test]
fn candidates_are_of_the_artifact_type_of_their_form() {
    let referrers = [
        referrer(
            "signature",
            "application/vnd.dev.cosign.artifact.sig.v1+json",
        ),
        referrer("overlaybd", OVERLAYBD),
        referrer("turbo", TURBO),
        referrer("acr", ACR),
        referrer("link", LINK),
        referrer("dadi", "dadi.image.v1"),
        referrer("nydus", NYDUS),
        referrer("image", "application/vnd.oci.image.config.v1+json"),
        referrer(
            "docker image",
            "application/vnd.docker.container.image.v1+json",
        ),
        referrer("none", ""),
    ];
    let found = |format, types: &[&str]| -> Vec<Digest> {
        let types: Vec<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
        let found = candidates(&referrers, format, &types, &platform());
        found.into_iter().map(|entry| entry.digest).collect()
    };
    let these = |contents: &[&str]| -> Vec<Digest> {
        contents
            .iter()
            .map(|text| Digest::of(text.as_bytes()))
            .collect()
    };
    assert_eq!(found(Format::Overlaybd, &[]), these(&["overlaybd"]));
    assert_eq!(found(Format::Turbo, &[]), these(&["turbo"]));
    assert_eq!(found(Format::Acr, &[]), these(&["acr", "link", "dadi"]));
    // Its images refer without a type of their own.
    assert_eq!(found(Format::Nydus, &[]), these(&["nydus", "image"]));
    // The stage `discover` may name some of them.
    assert_eq!(found(Format::Acr, &[LINK]), these(&["link"]));
    assert_eq!(found(Format::Acr, &[OVERLAYBD]), these(&[]));
}

#[test]
fn a_link_leads_to_what_its_annotations_name() {
    let target = digest("target");
    let good = [
        ("streaming.mediaType", MANIFEST),
        ("streaming.digest", &target[..]),
        ("streaming.size", "123"),
    ];
    let mut entry = referrer("link", LINK);
    entry.annotations = annotations(&good);
    let Step::To(found) = link(&entry, Format::Acr) else {
        panic!("it leads somewhere");
    };
    assert_eq!(found.digest.to_string(), target);
    assert_eq!((&found.media_type[..], found.size), (MANIFEST, 123));
    // Only ACR has links.
    assert_eq!(link(&entry, Format::Overlaybd), Step::Itself);
    assert_eq!(link(&referrer("acr", ACR), Format::Acr), Step::Itself);
    for spoilt in 0..good.len() {
        for value in [None, Some("nonsense")] {
            if value.is_some() && spoilt == 0 {
                continue;
            }
            let mut pairs = good.to_vec();
            match value {
                None => drop(pairs.remove(spoilt)),
                Some(value) => pairs[spoilt].1 = value,
            }
            entry.annotations = annotations(&pairs);
            assert_eq!(link(&entry, Format::Acr), Step::Nowhere, "{pairs:?}");
        }
    }
}

/// The entries of an index that are nydus images, by their digests.
fn nydus_of(entries: &[Value]) -> Vec<String> {
    let document = json!({ "schemaVersion": 2, "manifests": entries });
    let raw = document.to_string().into_bytes();
    let kind = "application/vnd.oci.image.index.v1+json";
    let parsed = ManifestDocument::parse(raw.clone(), Some(kind)).unwrap();
    let ManifestContent::Index(index) = parsed.content() else {
        panic!("it is an index");
    };
    let index: &Index = index;
    for format in [Format::Overlaybd, Format::Turbo, Format::Acr] {
        assert!(of_index(index, &raw, format, &platform()).is_empty());
    }
    let found = of_index(index, &raw, Format::Nydus, &platform());
    found
        .into_iter()
        .map(|entry| entry.digest.to_string())
        .collect()
}

#[test]
fn nydus_images_are_marked_in_an_index() {
    let entry = |name: &str, more: Value, platform: Value| {
        let mut entry = json!({ "mediaType": MANIFEST, "digest": digest(name), "size": 3 });
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        entry["platform"] = platform;
        entry
    };
    let here = json!({ "os": "linux", "architecture": "amd64" });
    let marked = json!({
        "os": "linux", "architecture": "amd64", "os.features": ["nydus.remoteimage.v1"],
    });
    let elsewhere = json!({ "os": "linux", "architecture": "arm64" });
    let typed = || json!({ "artifactType": NYDUS });
    let found = nydus_of(&[
        entry("plain", json!({}), here.clone()),
        entry("typed", typed(), here.clone()),
        entry("marked", json!({}), marked),
        entry("typed for another platform", typed(), elsewhere),
        entry(
            "of another type",
            json!({ "artifactType": OVERLAYBD }),
            here,
        ),
    ]);
    assert_eq!(found, [digest("typed"), digest("marked")]);
}
