//! Documents of these tests, and runs of the commands on them.

use std::path::Path;

use crate::support::{Lazaret, Output, World, kernel_package};

/// The architecture of these tests, in the words of the document.
pub(super) const NATIVE: &str = std::env::consts::ARCH;

/// A document with the kernel `edge`, the guest image `base`, and further tables.
pub(super) fn document(kernel: &str, guest: &str, more: &str) -> String {
    let artifact = |table: &str, name: &str, file: &str, source: &str| {
        let mut text = format!(
            r#"
[artifacts.{table}.{name}]
build = "see source"
validate = "see source"
reference = {{ registry = "127.0.0.1:5510", repository = "acme/{name}", version = "v3" }}
distribution = {{ cache_root = "cache", push = {{ backend = "file-system", root = "store" }}, pull = {{ backend = "file-system", root = "store" }} }}
{source}
"#
        );
        let lanes = [
            ("x86_64", "qemu", "standard"),
            ("aarch64", "qemu", "standard"),
            ("x86_64", "firecracker", "standard"),
            ("aarch64", "firecracker", "standard"),
            ("x86_64", "firecracker", "pvm"),
            ("aarch64", "firecracker", "pvm"),
        ];
        for (architecture, substrate, mode) in lanes {
            text += &format!(
                r#"
[[artifacts.{table}.{name}.variants]]
path = "out/{name}/{architecture}/{substrate}/{mode}/{file}"
selector = {{ architecture = "{architecture}", substrate = "{substrate}", protection_mode = "{mode}" }}
"#
            );
        }
        text
    };
    let machines = if more.contains("[machines") {
        ""
    } else {
        "[machines]"
    };
    let hosts = if more.contains("[hosts") {
        ""
    } else {
        "[hosts]"
    };
    artifact("kernels", "edge", "vmlinux", kernel)
        + &artifact("guest_images", "base", "rootfs.ext4", guest)
        + &format!("{hosts}\n{machines}\n{more}")
}

/// A kernel source: the package that the machine tests boot.
pub(super) fn package() -> String {
    let package = kernel_package().unwrap();
    let package = package.canonicalize().unwrap();
    format!(
        "[[artifacts.kernels.edge.source]]\nfile = \"{}\"\n",
        package.display()
    )
}

/// `lazaret artifacts VERB` on one lane of an artifact.
pub(super) fn artifacts(lazaret: &Lazaret, verb: &str, artifact: &str, lane: &[&str]) -> Output {
    let words = ["artifacts", verb, "--artifact", artifact];
    lazaret.run([&words, lane].concat())
}

/// The path of a variant in a world.
pub(super) fn path(world: &World, name: &str, substrate: &str, mode: &str) -> std::path::PathBuf {
    let file = if name == "edge" {
        "vmlinux"
    } else {
        "rootfs.ext4"
    };
    world.path(&format!("out/{name}/{NATIVE}/{substrate}/{mode}/{file}"))
}

/// Names of the files of a folder, the hidden ones, too.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}
