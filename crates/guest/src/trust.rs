//! Has programs trust the authority of this run, whose certificates the network boundary shows where it
//! looks into TLS.
//!
//! ```text
//! /run/lazaret/authority.pem   the authority alone      for variables that add to what is trusted
//! /run/lazaret/bundle.pem      image's bundle and it    for variables that replace it
//! /etc/ssl/certs/...           the image's own bundles get it at their end
//! SSL_CERT_FILE=...            so do the files that such variables name already
//! .../cacerts                  keystores of Java are replaced by one of the bundle
//! ```
//! The host sets the variables. The folder is in memory: nothing of it stays on a disk. Nothing here stops a
//! machine: a program that does not trust the authority says so itself.

use std::path::{Path, PathBuf};

use lazaret_protocol::{AUTHORITY_FILE, BUNDLE_FILE, TRUST_FOLDER, Trust};
use rustix::mount::MountFlags;

use crate::console;
use crate::inroot::{InRoot, path_of};
use crate::keystore;

/// The bundles of distributions: Debian, Alpine, Arch; Alpine, OpenBSD; Fedora; Fedora; SUSE; Fedora.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/certs/ca-bundle.crt",
];
/// Keystores of Java: of Debian, of Fedora, of the usual images.
const KEYSTORES: [&str; 3] = [
    "/etc/ssl/certs/java/cacerts",
    "/etc/pki/ca-trust/extracted/java/cacerts",
    "/opt/java/openjdk/lib/security/cacerts",
];
/// Where further Javas are, each in a folder of its own.
const JAVAS: &str = "/usr/lib/jvm";
/// The most of them that are looked at.
const MOST_JAVAS: usize = 64;
/// What follows is of this run: a copy of a machine replaces it.
const MARK: &str = "\n# The authority of this run.\n";
/// Longest bundle of an image, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// What the folder in memory gets.
#[derive(Debug)]
pub(crate) struct Trusted {
    authority: String,
    bundle: String,
}

/// Changes the bundles and keystores that the root has.
pub(crate) fn install(root: &InRoot, trust: &Trust) -> Trusted {
    let mut found = None;
    for path in BUNDLES {
        let Some(text) = root.read(Path::new(path), LONGEST) else {
            continue;
        };
        let text = with_authority(&text, &trust.authority);
        write(root, Path::new(path), &text);
        found.get_or_insert(text);
    }
    for path in trust.bundles.iter().map(Path::new) {
        if let Some(text) = root.read(path, LONGEST) {
            write(root, path, with_authority(&text, &trust.authority));
        }
    }
    let bundle = found.unwrap_or_else(|| with_authority(&trust.roots, &trust.authority));
    let keystores = keystores(root);
    if !keystores.is_empty() {
        let store = keystore::write(&bundle);
        for path in keystores {
            write(root, &path, &store);
        }
    }
    Trusted {
        authority: trust.authority.clone(),
        bundle,
    }
}

impl Trusted {
    /// Makes the folder in memory; a copy of a machine has it already.
    pub(crate) fn mount(&self, root: &InRoot) {
        let is_there = root.open(Path::new(AUTHORITY_FILE)).is_ok();
        if !is_there && let Err(error) = mount(root) {
            console::say(&format!("cannot mount {TRUST_FOLDER}: {error}"));
        }
        write(root, Path::new(AUTHORITY_FILE), &self.authority);
        write(root, Path::new(BUNDLE_FILE), &self.bundle);
    }
}

fn write(root: &InRoot, path: &Path, content: impl AsRef<[u8]>) {
    if let Err(error) = root.write(path, content) {
        console::say(&format!("cannot write {}: {error}", path.display()));
    }
}

/// A bundle and the authority, instead of one that it may have had.
fn with_authority(bundle: &str, authority: &str) -> String {
    let own = bundle.split(MARK).next().unwrap_or_default();
    format!("{own}{MARK}{authority}")
}

/// The keystores that the root has.
fn keystores(root: &InRoot) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = KEYSTORES.iter().map(PathBuf::from).collect();
    let folder = root.open(Path::new(JAVAS)).ok();
    let javas = folder.and_then(|folder| std::fs::read_dir(path_of(&folder)).ok());
    for java in javas.into_iter().flatten().flatten().take(MOST_JAVAS) {
        let path = Path::new(JAVAS).join(java.file_name());
        paths.push(path.join("lib/security/cacerts"));
        paths.push(path.join("jre/lib/security/cacerts"));
    }
    paths.retain(|path| root.open(path).is_ok());
    paths
}

fn mount(root: &InRoot) -> Result<(), rustix::io::Errno> {
    let folder = root.make_folder(Path::new(TRUST_FOLDER))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount(
        "tmpfs",
        path_of(&folder),
        "tmpfs",
        flags,
        c"mode=755,size=8m",
    )
}

#[cfg(test)]
mod tests;
