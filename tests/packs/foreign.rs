//! Packs of smolvm, by their documented format.

use crate::support::{Serve, World};

/// A `.smolmachine`: assets as a tar in zstd, the manifest, and the footer of 64 bytes.
fn smolmachine() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [("agent-rootfs.tar", "root"), ("layers/0.tar", "layer")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    let assets = zstd::encode_all(&archive.into_inner().unwrap()[..], 3).unwrap();
    let manifest = br#"{"image":"alpine:3.20","cpus":2,"mem":512,"assets":{}}"#;
    let mut file = [&assets[..], manifest].concat();
    file.extend(b"SMOLPACK");
    file.extend(1_u32.to_le_bytes());
    let sizes = [0, 0, assets.len(), assets.len(), manifest.len()];
    for size in sizes {
        file.extend((size as u64).to_le_bytes());
    }
    file.extend(0xdead_beef_u32.to_le_bytes());
    file.extend([0; 8]);
    file
}

#[test]
fn a_smolmachine_is_inspected() {
    let world = World::new();
    let lazaret = world.lazaret();
    let bytes = smolmachine();
    world.write("vm.smolmachine", &bytes);
    let found = lazaret.run(["pack", "inspect", "vm.smolmachine", "--format", "json"]);
    let found = found.success().json();
    assert_eq!(found["kind"], "smolvm");
    assert_eq!(found["manifest"]["image"], "alpine:3.20");
    assert_eq!(found["assets"][1][0], "layers/0.tar");
    let text = lazaret
        .run(["pack", "inspect", "vm.smolmachine"])
        .success()
        .stdout;
    assert!(
        text.contains("agent-rootfs.tar") && text.contains("alpine:3.20"),
        "{text}"
    );
    lazaret
        .run(["pack", "verify", "vm.smolmachine"])
        .fails(5, &["is a pack of smolvm", "pack inspect"]);
    let footer = bytes.len() - 64;
    for (at, byte) in [(footer + 8, 9), (footer + 44, 0xff), (0, 0)] {
        let mut damaged = bytes.clone();
        damaged[at] = byte;
        world.write("damaged.smolmachine", damaged);
        let refused = lazaret.run(["pack", "inspect", "damaged.smolmachine"]);
        assert!(matches!(refused.status, Some(5 | 8)), "{at}: {refused:?}");
    }
}

#[test]
fn a_smolmachine_is_pulled() {
    let world = World::new();
    let lazaret = world.lazaret();
    let registry = Serve::start(&world);
    let bytes = smolmachine();
    let digest = |bytes: &[u8]| lazaret_oci::Digest::of(bytes).to_string();
    let config = b"{}";
    let kind = "application/vnd.smolmachines.smolmachine.v1";
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": kind,
        "config": {
            "mediaType": "application/vnd.smolmachines.machine.config.v1+json",
            "digest": digest(config),
            "size": config.len(),
        },
        "layers": [{"mediaType": kind, "digest": digest(&bytes), "size": bytes.len()}],
    });
    let manifest = serde_json::to_vec(&manifest).unwrap();
    // As an OCI layout, which is pushed as it is.
    for blob in [&bytes[..], config, &manifest] {
        let name = format!("layout/blobs/sha256/{}", &digest(blob)[7..]);
        world.write(&name, blob);
    }
    world.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = serde_json::json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest(&manifest),
            "size": manifest.len(),
        }],
    });
    world.write("layout/index.json", index.to_string());
    let name = format!("{}/acme/vm:v1", registry.address);
    lazaret.run(["push", "oci:layout", &name]).success();
    lazaret
        .run(["pack", "pull", &name, "-o", "vm.smolmachine"])
        .success();
    assert!(std::fs::read(world.path("vm.smolmachine")).unwrap() == bytes);
}
