//! Finds the QEMU program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{Access, access};

use crate::{Error, JailMode};

const PROGRAM: &str = "qemu-system-x86_64";
const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// An installed QEMU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qemu {
    path: PathBuf,
    version: String,
    jail: JailMode,
}

impl Qemu {
    /// Finds QEMU in `search_path` (the value of `PATH`) and asks for its version.
    ///
    /// # Errors
    /// [`Error::UnsupportedHost`], [`Error::QemuNotFound`], [`Error::QemuUnusable`].
    pub async fn find(search_path: &OsStr) -> Result<Self, Error> {
        if std::env::consts::ARCH != "x86_64" {
            return Err(Error::UnsupportedHost {
                architecture: std::env::consts::ARCH,
            });
        }
        let path = std::env::split_paths(search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(PROGRAM))
            .find(|path| path.is_file() && access(path, Access::EXEC_OK).is_ok())
            .ok_or(Error::QemuNotFound { program: PROGRAM })?;
        Self::at(path).await
    }

    /// Uses the QEMU at `path`, and asks for its version.
    ///
    /// # Errors
    /// [`Error::QemuUnusable`] when it does not print its version.
    pub async fn at(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let unusable = |reason: String| Error::QemuUnusable {
            path: path.clone(),
            reason,
        };
        let run = tokio::process::Command::new(&path)
            .arg("-version")
            .env_clear()
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(VERSION_LIMIT, run)
            .await
            .map_err(|_| unusable("it did not tell its version in time".into()))?
            .map_err(|error| unusable(error.to_string()))?;
        let version = parse_version(&String::from_utf8_lossy(&output.stdout));
        match version {
            Some(version) if output.status.success() => Ok(Self::known(&path, &version)),
            _ => Err(unusable(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            )),
        }
    }

    /// The QEMU at `path`, whose version is known.
    #[must_use]
    pub fn known(path: &Path, version: &str) -> Self {
        Self {
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

    /// Its version with the packager's suffix, such as `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

pub(super) fn parse_version(output: &str) -> Option<String> {
    let version = output.lines().next()?.split_once(" version ")?.1.trim();
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then(|| version.to_owned())
}
