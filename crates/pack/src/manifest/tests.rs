//! Tests of `manifest`.

use super::*;

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn section(kind: Kind, offset: u64, size: u64) -> Section {
    Section {
        checked: Checked::Sha256(HASH.to_owned()),
        kind,
        offset,
        serial: String::new(),
        size,
    }
}

fn example() -> (Manifest, Footer) {
    let mut disk = section(Kind::Disk, 12288, 12288);
    disk.serial = "root".to_owned();
    disk.checked = Checked::Verity {
        data_blocks: 1,
        hash_offset: 4096,
        root_hash: HASH.to_owned(),
        salt: HASH.to_owned(),
        superblock: HASH.to_owned(),
    };
    let manifest = Manifest {
        architecture: "amd64".to_owned(),
        input: HASH.to_owned(),
        kernel: format!("sha256:{HASH}"),
        release: "6.1.0".to_owned(),
        sections: vec![
            section(Kind::Program, 0, 100),
            section(Kind::Kernel, 4096, 4096),
            section(Kind::Initramfs, 8192, 1),
            disk,
            section(Kind::Launch, 24576, 10),
        ],
        version: VERSION,
    };
    let footer = Footer {
        file: 28672 + 1000 + 128,
        program: 100,
        manifest: 28672,
        manifest_size: 1000,
        signature_size: 0,
        digest: [0; 32],
    };
    (manifest, footer)
}

fn refused(change: impl FnOnce(&mut Manifest)) -> String {
    let (mut manifest, footer) = example();
    change(&mut manifest);
    match Manifest::parse(&manifest.encode(), &footer) {
        Err(damage) => damage.to_string(),
        Ok(_) => panic!("accepted: {manifest:?}"),
    }
}

fn in_tree(manifest: &mut Manifest, change: impl FnOnce(&mut u64, &mut u64, &mut String)) {
    if let Checked::Verity {
        data_blocks,
        hash_offset,
        root_hash,
        ..
    } = &mut manifest.sections[3].checked
    {
        change(data_blocks, hash_offset, root_hash);
    }
}

#[test]
fn a_manifest_is_read_as_it_was_written() {
    let (manifest, footer) = example();
    assert_eq!(Manifest::parse(&manifest.encode(), &footer), Ok(manifest));
}

/// RFC 8785: members sorted, no blanks.
#[test]
fn there_is_one_form() {
    let (manifest, footer) = example();
    let bytes = manifest.encode();
    let sorted: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let sorted: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_value(sorted).unwrap();
    assert_eq!(serde_json::to_vec(&sorted).unwrap(), bytes);
    let text = String::from_utf8(bytes).unwrap();
    for other in [
        text.replacen(':', ": ", 1),
        format!("{text}\n"),
        text.replacen("\"amd64\"", "\"\\u0061md64\"", 1),
        text.replacen('{', "{\"more\":1,", 1),
        text.replacen("\"size\":100", "\"size\":100,\"more\":1", 1),
    ] {
        assert_ne!(other, text);
        Manifest::parse(other.as_bytes(), &footer).unwrap_err();
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let place = "not where it must be";
    assert!(refused(|manifest| manifest.sections[1].offset = 8192).contains(place));
    assert!(refused(|manifest| manifest.sections[1].size = 4097).contains(place));
    assert!(refused(|manifest| manifest.sections[4].size = 4 << 20).contains(place));
    assert!(refused(|manifest| manifest.sections.swap(1, 2)).contains(place));
    assert!(refused(|manifest| manifest.sections[0].size = 99).contains("do not fill"));
    assert!(refused(|manifest| manifest.sections[3].size = !4095).contains("size"));
    assert!(refused(|manifest| manifest.sections[3].size = 0).contains("size"));
    for number in [0, 1, 2, 4] {
        assert!(refused(|manifest| drop(manifest.sections.remove(number))).contains("not one"));
    }
    assert!(refused(|manifest| drop(manifest.sections.remove(3))).contains("no disk"));
    assert!(refused(|manifest| manifest.sections[3].serial = "a b".to_owned()).contains("serial"));
    assert!(refused(|manifest| manifest.sections[3].serial.clear()).contains("serial"));
    assert!(refused(|manifest| manifest.sections[1].serial = "root".to_owned()).contains("serial"));
    let hash = |text: &str| {
        refused(|manifest| {
            manifest.sections[1].checked = Checked::Sha256(text.to_owned());
        })
    };
    assert!(hash("").contains("hash"));
    assert!(hash(&HASH.to_uppercase()).contains("hash"));
    let tree = "tree of hashes";
    assert!(refused(|manifest| in_tree(manifest, |blocks, _, _| *blocks = 0)).contains(tree));
    assert!(
        refused(|manifest| in_tree(manifest, |blocks, _, _| *blocks = u64::MAX)).contains(tree)
    );
    assert!(refused(|manifest| in_tree(manifest, |_, offset, _| *offset = 8192)).contains(tree));
    assert!(refused(|manifest| in_tree(manifest, |_, _, root| root.push('0'))).contains(tree));
    assert!(refused(|manifest| manifest.version = 2).contains("version"));
    assert!(refused(|manifest| manifest.release = "a\nb".to_owned()).contains("text"));
    assert!(refused(|manifest| manifest.architecture.clear()).contains("text"));
}
