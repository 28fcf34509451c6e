//! Tests of `foreign`.

use super::*;

/// A file by the documented format.
fn file(fields: &Fields, content: &[u8]) -> tempfile::NamedTempFile {
    let mut bytes = content.to_vec();
    bytes.extend(MAGIC);
    bytes.extend(fields.version.to_le_bytes());
    for word in [
        fields.program,
        fields.assets.0,
        fields.assets.1,
        fields.manifest.0,
        fields.manifest.1,
    ] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(fields.checksum.to_le_bytes());
    bytes.extend([0; 8]);
    assert_eq!(bytes.len(), content.len() + FOOTER_BYTES);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn fields() -> Fields {
    Fields {
        version: 1,
        program: 0,
        assets: (0, 4),
        manifest: (4, 13),
        checksum: 0x1234_5678,
    }
}

#[test]
fn the_numbers_are_read() {
    let pack = file(&fields(), b"tar!{\"image\":\"a\"}");
    let pack = ForeignPack::open(pack.path()).unwrap().unwrap();
    assert_eq!((pack.version, pack.program, pack.assets), (1, 0, (0, 4)));
    assert_eq!(pack.manifest["image"], "a");
    assert_eq!(pack.checksum, 0x1234_5678);
}

#[test]
fn hostile_numbers_are_refused() {
    let changes: [fn(&mut Fields); 7] = [
        |fields| fields.version = 0,
        |fields| fields.version = 4,
        |fields| fields.program = 18,
        |fields| fields.assets = (u64::MAX, 2),
        |fields| fields.assets = (10, 8),
        |fields| fields.manifest = (4, 14),
        |fields| fields.manifest = (4, 12),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut fields = fields();
        change(&mut fields);
        let pack = file(&fields, b"tar!{\"image\":\"a\"}");
        let opened = ForeignPack::open(pack.path());
        assert!(
            matches!(opened, Err(Error::Damaged { .. })),
            "{number}: {opened:?}"
        );
    }
}

#[test]
fn other_files_are_none() {
    for content in ["", "SMOLPACK", &"x".repeat(100)] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        assert!(ForeignPack::open(file.path()).unwrap().is_none());
    }
}
