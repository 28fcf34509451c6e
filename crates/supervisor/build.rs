//! Builds the guest as a static binary and puts it into `OUT_DIR`, from where `guest.rs` embeds it.
#![allow(clippy::disallowed_methods)]

use std::path::PathBuf;
use std::process::Command;

fn main() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let target = format!("{}-unknown-linux-gnu", variable("CARGO_CFG_TARGET_ARCH"));
    for watched in ["../guest", "../protocol"] {
        println!("cargo::rerun-if-changed={watched}/src");
        println!("cargo::rerun-if-changed={watched}/Cargo.toml");
    }
    println!("cargo::rerun-if-changed=build.rs");
    // A target folder of its own, because the outer cargo holds the lock of the usual one. All
    // profiles share it, so that the guest is built once.
    let folder = out
        .ancestors()
        .find(|folder| folder.ends_with("target"))
        .map_or_else(|| out.join("guest"), |target| target.join("guest"));
    let status = Command::new(variable("CARGO"))
        .current_dir(manifest.join("../.."))
        .args(["build", "--quiet", "--locked", "--package", "lazaret-guest"])
        .args(["--profile", "guest", "--target", &target])
        .arg("--target-dir")
        .arg(&folder)
        // Variables that the outer build sets for itself (clippy's wrapper, its flags) must not
        // reach this build.
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env(
            "RUSTFLAGS",
            "-C target-feature=+crt-static -C relocation-model=static",
        )
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "failed to build lazaret-guest"
    );
    let binary = folder.join(target).join("guest").join("lazaret-guest");
    let embedded = out.join("lazaret-guest");
    if let Err(error) = std::fs::copy(&binary, &embedded) {
        panic!("failed to copy {}: {error}", binary.display());
    }
}
