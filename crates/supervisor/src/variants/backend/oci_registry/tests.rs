use lazaret_oci::{Descriptor, Digest, Manifest};
use lazaret_variants::{Document, media_type};

use super::layers;
use crate::variants::item::{Item, Part, VariantRequest};

/// A guest image of the sample document.
fn item() -> Item {
    let text = include_str!("../../../../../variants/src/tests/sample.toml");
    let document = Document::parse(text).unwrap().document;
    let request = VariantRequest {
        artifact: "demo-guest".to_owned(),
        selector: document.guest_images["demo-guest"].variants[0].selector,
    };
    Item::find(&document, &request).unwrap()
}

/// A manifest of layers with these media types and titles.
fn manifest(parts: &[(&str, &str)]) -> Manifest {
    let layer = |(kind, title): &(&str, &str)| {
        let digest = Digest::of(format!("{kind} {title}").as_bytes());
        let mut layer = Descriptor::new(kind, digest, 1);
        layer.annotations = [(media_type::TITLE.to_owned(), (*title).to_owned())].into();
        layer
    };
    Manifest {
        schema_version: 2,
        media_type: None,
        artifact_type: None,
        config: Descriptor::empty(),
        layers: parts.iter().map(layer).collect(),
        subject: None,
        annotations: Default::default(),
    }
}

#[test]
fn the_file_and_its_initial_ram_disk_are_found() {
    let own = media_type::GUEST_IMAGE_LAYER;
    let ram = media_type::INITRD_LAYER;
    // Layers, then the positions of the file and of the initial RAM disk.
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<(usize, Option<usize>)>);
    let cases: &[Case<'_>] = &[
        (
            &[(own, "a/rootfs.ext4"), (ram, "a/initrd.cpio.gz")],
            Some((0, Some(1))),
        ),
        (&[(ram, "x"), (own, "y")], Some((1, Some(0)))),
        (&[("any/type", "../../etc/passwd")], Some((0, None))),
        (
            &[("t", "rootfs.ext4"), ("t", "initrd.cpio.gz")],
            Some((0, Some(1))),
        ),
        (&[("t", "a"), ("t", "b/rootfs.ext4")], Some((1, None))),
        (&[("t", "a"), ("t", "b")], None),
        (&[(ram, "initrd.cpio.gz")], None),
        (&[], None),
    ];
    for (parts, expected) in cases {
        let manifest = manifest(parts);
        let found = layers(&item(), &manifest).ok().map(|(main, initrd)| {
            let position = |layer: &Descriptor| {
                let mut layers = manifest.layers.iter();
                layers.position(|other| other == layer).unwrap()
            };
            (position(main), initrd.map(position))
        });
        assert_eq!(found, *expected, "{parts:?}");
    }
}

#[test]
fn a_title_never_leads_out() {
    let mut item = item();
    let titles = |item: &Item| [item.title(Part::Main), item.title(Part::Initrd)];
    assert_eq!(
        titles(&item)[1],
        "artifacts/guest/demo/x86_64/firecracker/standard/initrd.cpio.gz"
    );
    for path in [
        "/srv/images/rootfs.ext4",
        "../images/rootfs.ext4",
        "a/../../rootfs.ext4",
    ] {
        item.local = path.into();
        assert_eq!(titles(&item), ["rootfs.ext4", "initrd.cpio.gz"], "{path}");
    }
    item.local = "./out/rootfs.ext4".into();
    assert_eq!(titles(&item)[0], "out/rootfs.ext4");
}
