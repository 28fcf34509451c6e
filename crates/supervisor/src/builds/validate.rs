//! `artifacts validate`.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lazaret_appliance::{Expected, check};
use lazaret_oci::Digest;
use lazaret_values::Printable;
use lazaret_variants::{Artifact, ArtifactKind, Document, INITRD, ProtectionMode, Selector};
use lazaret_vm::kernel::BootFile;
use serde::Serialize;

use super::build::digest_of;
use super::lane::{self, BuildSettings};
use super::origin::Asked;
use super::{guest, program};
use crate::build_error::BuildError;
use crate::{Error, Home, ProgressSink, blocking};

/// Longest time for a check of a file system by its own tool.
const FSCK: Duration = Duration::from_secs(300);
/// Folders of system programs, which `PATH` of users lacks.
const SYSTEM: [&str; 2] = ["/usr/sbin", "/sbin"];
/// How an archive for the kernel begins.
const CPIO: &[u8] = b"070701";

/// A variant that is sound.
#[derive(Debug, Clone, Serialize)]
pub struct ValidatedArtifact {
    /// `kernel` or `guest-image`.
    pub kind: &'static str,
    /// Name of the artifact.
    pub name: String,
    /// Its reference.
    pub reference: String,
    /// Which variant.
    pub selector: Selector,
    /// The file.
    pub path: PathBuf,
    /// Its digest.
    pub digest: Digest,
    /// What it was compared with or checked by.
    pub checks: Vec<String>,
}

/// What was found.
#[derive(Default)]
struct Findings {
    faults: Vec<String>,
    checks: Vec<String>,
}

impl Home {
    /// Checks a variant that was built: that it is what its source gives, and can be booted.
    ///
    /// # Errors
    /// [`BuildError::Unsound`] with everything that is wrong with it; those of its source.
    pub async fn validate_artifact(
        &self,
        document: &Document,
        name: &str,
        selector: Selector,
        settings: &BuildSettings,
        progress: &ProgressSink,
    ) -> Result<ValidatedArtifact, Error> {
        let artifact = document.artifact(name).map_err(lane::unknown)?;
        let variant = artifact.variant(selector).map_err(lane::unknown)?;
        let selector = lane::check(variant.selector)?;
        let path = variant.path.clone();
        let size = std::fs::metadata(&path)
            .map_err(Error::io("read", &path))?
            .len();
        let mut findings = Findings::default();
        if size == 0 {
            findings.faults.push("it is empty".to_owned());
        } else if artifact.kind == ArtifactKind::Kernel {
            let checked = self.check_kernel(artifact, selector, &path, settings, progress);
            findings = checked.await?;
        } else {
            findings = self
                .check_guest(artifact, selector, &path, progress)
                .await?;
        }
        if !findings.faults.is_empty() {
            return Err(Error::Build(BuildError::Unsound {
                kind: artifact.kind.as_str(),
                name: artifact.name.clone(),
                path,
                faults: findings.faults,
            }));
        }
        let digest = {
            let path = path.clone();
            blocking(move || digest_of(&path)).await?
        };
        Ok(ValidatedArtifact {
            kind: artifact.kind.as_str(),
            name: artifact.name.clone(),
            reference: artifact.reference.to_string(),
            selector,
            path,
            digest,
            checks: findings.checks,
        })
    }

    async fn check_kernel(
        &self,
        artifact: &Artifact,
        selector: Selector,
        path: &Path,
        settings: &BuildSettings,
        progress: &ProgressSink,
    ) -> Result<Findings, Error> {
        let mut findings = Findings::default();
        let architecture = selector.architecture.to_string();
        match BootFile::read(path, lane::entry(selector.substrate)) {
            Ok(boot) => {
                if boot.architecture != architecture {
                    findings
                        .faults
                        .push(format!("it is a kernel for {}", boot.architecture));
                }
                let refused = lane::refuses(selector.substrate, boot.form);
                findings.faults.extend(refused.map(str::to_owned));
                let release = boot.release.unwrap_or_else(|| "unnamed release".to_owned());
                findings
                    .checks
                    .push(format!("it is Linux {release} for {architecture}"));
            }
            Err(lazaret_vm::Error::Malformed { reason, .. }) => {
                findings.faults.push(format!("it is no kernel: {reason}"));
            }
            Err(error) => return Err(error.into()),
        }
        let source = self.make_kernel(artifact, selector, settings, Asked::Again, progress);
        let source = source.await?;
        let expected = Digest::of(&source.content);
        let path = path.to_owned();
        let actual = blocking(move || digest_of(&path)).await?;
        match actual == expected {
            true => findings
                .checks
                .push(format!("it is that of {}", source.origin)),
            false => findings.faults.push(format!(
                "it is {actual}, and {} gives {expected}",
                source.origin
            )),
        }
        Ok(findings)
    }

    async fn check_guest(
        &self,
        artifact: &Artifact,
        selector: Selector,
        path: &Path,
        progress: &ProgressSink,
    ) -> Result<Findings, Error> {
        let recipe = artifact.recipe.guest().cloned().unwrap_or_default();
        let (disk, initrd) = (path.to_owned(), path.with_file_name(INITRD));
        let has_initrd = guest::has_initrd(&recipe, selector);
        let mut findings = blocking(move || {
            let mut findings = own_checks(&disk, selector)?;
            if has_initrd {
                findings.faults.extend(check_initrd(&initrd));
                findings.checks.push(format!("{INITRD} is beside it"));
            }
            Ok(findings)
        })
        .await?;
        self.fsck(path, &mut findings, progress).await?;
        Ok(findings)
    }

    /// Has the file system's own tool check it, where there is one.
    async fn fsck(
        &self,
        path: &Path,
        findings: &mut Findings,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let own = std::env::split_paths(&self.settings.search_path);
        let folders = own.chain(SYSTEM.map(PathBuf::from));
        let folders = std::env::join_paths(folders).unwrap_or_default();
        let Ok(tool) = program::find("e2fsck", &folders) else {
            return Ok(());
        };
        let program = program::Program {
            name: "e2fsck",
            path: &tool,
            arguments: vec![OsString::from("-fn"), "--".into(), path.into()],
            limit: FSCK,
            answers: true,
        };
        match program.run(progress).await {
            Ok(_) => findings
                .checks
                .push("e2fsck finds nothing wrong".to_owned()),
            Err(BuildError::Program { reason, .. }) => {
                findings
                    .faults
                    .push(format!("e2fsck finds faults: {reason}"));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn own_checks(disk: &Path, selector: Selector) -> Result<Findings, Error> {
    let file = lazaret_files::open_regular(disk).map_err(Error::io("open", disk))?;
    let architecture = selector.architecture.to_string();
    let protection = selector.protection_mode.to_string();
    let expected = Expected {
        architecture: &architecture,
        protection_mode: &protection,
        marked: selector.protection_mode == ProtectionMode::Pvm,
    };
    Ok(match check(file, &expected) {
        Ok(checked) => Findings {
            checks: vec![format!("its {} files can be read", checked.entries)],
            faults: checked.faults,
        },
        Err(lazaret_appliance::Error::Disk { source }) => Findings {
            faults: vec![format!("it is no disk: {source}")],
            checks: Vec::new(),
        },
        Err(error) => return Err(Error::Build(error.into())),
    })
}

/// What is wrong with an initial RAM disk, if anything is.
fn check_initrd(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    let read = lazaret_files::open_regular(path).and_then(|file| {
        let content = flate2::read::GzDecoder::new(file);
        content.take(CPIO.len() as u64).read_to_end(&mut start)
    });
    match read {
        Err(error) => {
            let reason = error.to_string();
            Some(format!(
                "{INITRD} beside it cannot be read: {}",
                Printable::excerpt(&reason)
            ))
        }
        Ok(_) if start != CPIO => Some(format!("{INITRD} beside it is no archive for a kernel")),
        Ok(_) => None,
    }
}
