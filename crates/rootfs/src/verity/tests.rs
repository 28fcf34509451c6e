//! Tests of `verity`.

use std::process::Command;

use lazaret_values::hex;

use super::*;
use crate::tests::{build_with, small};
use crate::{Attributes, FileSystem, Options};

/// `veritysetup` accepts the hash of every disk, and rejects a changed disk.
#[test]
fn veritysetup_accepts_the_tree() {
    for (file_system, length) in [
        (FileSystem::Ext4, 100_000),
        (FileSystem::Erofs, 1),
        (FileSystem::Erofs, 700_000),
        (FileSystem::Erofs, 70_000_000),
    ] {
        let options = Options {
            file_system,
            ..small()
        };
        let content: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[1]).collect();
        let disk = build_with(options, |disk| {
            disk.add_file("f", Attributes::new(0o644), &content[..])
        });
        let disk = disk.unwrap();
        let file = File::options()
            .read(true)
            .write(true)
            .open(&disk.path)
            .unwrap();
        let verity = append_verity(&file, disk.summary.size, &disk.summary.uuid).unwrap();
        let verify = || {
            let output = Command::new("veritysetup")
                .arg("verify")
                .args([&disk.path, &disk.path])
                .arg(hex(&verity.root_hash))
                .arg(format!("--hash-offset={}", verity.hash_offset))
                .output()
                .expect("veritysetup must be installed");
            (
                output.status.success(),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            )
        };
        assert!(verify().0, "{}", verify().1);
        let again = append_verity(&file, disk.summary.size, &disk.summary.uuid).unwrap();
        assert_eq!(again, verity);
        file.write_all_at(b"!", disk.summary.size - 2000).unwrap();
        assert!(!verify().0);
    }
}
