//! Finds the program of a hypervisor.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{Access, access};

use crate::{Error, JailMode, Substrate};

const VERSION_LIMIT: Duration = Duration::from_secs(10);
/// Longest version that is believed.
const VERSION_BYTES: usize = 100;

/// An installed hypervisor other than QEMU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vmm {
    substrate: Substrate,
    path: PathBuf,
    version: String,
    jail: JailMode,
}

impl Vmm {
    /// Finds the hypervisor in `search_path` (the value of `PATH`), unless its path is `given`, and asks for
    /// its version.
    ///
    /// # Errors
    /// [`Error::UnsupportedHost`], [`Error::HypervisorNotFound`], [`Error::HypervisorUnusable`].
    pub async fn find(
        substrate: Substrate,
        search_path: &OsStr,
        given: Option<&Path>,
    ) -> Result<Self, Error> {
        if std::env::consts::ARCH != "x86_64" {
            return Err(Error::UnsupportedHost {
                architecture: std::env::consts::ARCH,
            });
        }
        let searched = || {
            std::env::split_paths(search_path)
                .filter(|folder| folder.is_absolute())
                .map(|folder| folder.join(substrate.program()))
                .find(|path| path.is_file() && access(path, Access::EXEC_OK).is_ok())
        };
        let path = given.map(Path::to_owned).or_else(searched);
        Self::at(
            substrate,
            path.ok_or(Error::HypervisorNotFound { substrate })?,
        )
        .await
    }

    /// Uses the program at `path`, and asks for its version.
    async fn at(substrate: Substrate, path: PathBuf) -> Result<Self, Error> {
        let unusable = |reason: String| Error::HypervisorUnusable {
            substrate,
            path: path.clone(),
            reason,
        };
        let run = tokio::process::Command::new(&path)
            .arg("--version")
            .env_clear()
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(VERSION_LIMIT, run)
            .await
            .map_err(|_| unusable("it did not tell its version in time".to_owned()))?
            .map_err(|error| unusable(error.to_string()))?;
        let version = parse_version(substrate, &String::from_utf8_lossy(&output.stdout));
        match version {
            Some(version) if output.status.success() => Ok(Self::known(substrate, &path, &version)),
            _ => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = lazaret_values::Printable::new(said.trim()).to_string();
                Err(unusable(match said.is_empty() {
                    true => "it does not tell its version".to_owned(),
                    false => said,
                }))
            }
        }
    }

    /// The one at `path`, whose version is known.
    #[must_use]
    pub fn known(substrate: Substrate, path: &Path, version: &str) -> Self {
        Self {
            substrate,
            path: path.to_owned(),
            version: version.to_owned(),
            jail: JailMode::Auto,
        }
    }

    /// The same one, jailed in another way.
    #[must_use]
    pub fn with_jail(mut self, jail: JailMode) -> Self {
        self.jail = jail;
        self
    }

    /// Which one it is.
    #[must_use]
    pub fn substrate(&self) -> Substrate {
        self.substrate
    }

    /// How it is jailed.
    #[must_use]
    pub fn jail(&self) -> JailMode {
        self.jail
    }

    /// Path of the program.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, such as `1.16.0`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// The version in `Firecracker v1.16.0` or `cloud-hypervisor v53.0.0`.
pub(super) fn parse_version(substrate: Substrate, output: &str) -> Option<String> {
    let (name, last) = output.lines().next()?.trim().split_once(' ')?;
    if !name.eq_ignore_ascii_case(substrate.name()) {
        return None;
    }
    let version = last.strip_prefix('v').unwrap_or(last);
    let is_plain = version.bytes().all(|byte| byte.is_ascii_graphic());
    let is_version = version.starts_with(|first: char| first.is_ascii_digit()) && is_plain;
    (is_version && version.len() <= VERSION_BYTES).then(|| version.to_owned())
}
