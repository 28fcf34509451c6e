//! The additions of `rootfs build --inject` to an image's tree.

mod agent;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lazaret_oci::{ImageConfig, Platform};
use lazaret_rootfs::{Attributes, DiskBuilder};

use crate::{Error, Setting};

/// One addition to a disk, which replaces what the image has at that path. New entries belong to
/// root. Existing folders stay as they are; missing ones are made with mode 0755.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Injection {
    /// `agent`: the guest agent with its services.
    Agent,
    /// `FILE:/PATH[:MODE]`: a file of the host.
    File {
        /// The file on the host.
        source: PathBuf,
        /// The absolute path on the disk.
        target: String,
        /// The permissions; those of the file when not given.
        mode: Option<u16>,
    },
}

impl FromStr for Injection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "agent" {
            return Ok(Self::Agent);
        }
        let refused = |reason: &str| Error::Setting {
            setting: Setting::Injection,
            value: text.to_owned(),
            reason: reason.to_owned(),
        };
        // The target begins at the first `:/`, because neither it nor the mode can contain another
        // one.
        let (source, rest) = text
            .split_once(":/")
            .filter(|(source, _)| !source.is_empty())
            .ok_or_else(|| refused("it is neither `agent` nor FILE:/PATH[:MODE]"))?;
        let (target, mode) = match rest.rsplit_once(':') {
            None => (rest, None),
            Some((target, digits)) => {
                let mode = u16::from_str_radix(digits, 8).ok();
                let mode = mode.filter(|mode| *mode <= 0o7777);
                let mode = mode.ok_or_else(|| refused("its mode is not octal, such as 0755"))?;
                (target, Some(mode))
            }
        };
        if target.is_empty() {
            return Err(refused("it names no file on the disk"));
        }
        Ok(Self::File {
            source: source.into(),
            target: format!("/{target}"),
            mode,
        })
    }
}

impl Injection {
    /// Reports errors before the build that [`apply`](Self::apply) would report at its end.
    pub(crate) fn check(&self, config: &ImageConfig) -> Result<(), Error> {
        match self {
            Self::Agent => {
                let native = Platform::native();
                if config.architecture == native.architecture && config.os == native.os {
                    return Ok(());
                }
                let (os, architecture) = (&config.os, &config.architecture);
                Err(Error::Setting {
                    setting: Setting::Injection,
                    value: "agent".to_owned(),
                    reason: format!(
                        "the image is for {os}/{architecture}, the agent of this build for {}/{}",
                        native.os, native.architecture
                    ),
                })
            }
            Self::File { source, .. } => open(source).map(drop),
        }
    }

    /// Adds it to a disk that has all its layers.
    pub(crate) fn apply(&self, disk: &mut DiskBuilder) -> Result<(), Error> {
        match self {
            Self::Agent => agent::apply(disk).map_err(|source| Error::Convert {
                subject: "the agent".to_owned(),
                source,
            }),
            Self::File {
                source,
                target,
                mode,
            } => {
                let (file, own) = open(source)?;
                let attributes = Attributes::new(mode.unwrap_or(own));
                let added = disk.add_file(target, attributes, file);
                added.map_err(|error| Error::Convert {
                    subject: source.display().to_string(),
                    source: error,
                })
            }
        }
    }
}

/// Opens a regular file; returns it with its permissions. Anything else is refused.
fn open(path: &Path) -> Result<(File, u16), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    // Checked first, because opening a FIFO would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(Error::io("inject", path))?;
    if !metadata.is_file() {
        return Err(Error::Setting {
            setting: Setting::Injection,
            value: path.display().to_string(),
            reason: "it is no regular file".to_owned(),
        });
    }
    let file = File::open(path).map_err(Error::io("inject", path))?;
    let mode = metadata.permissions().mode() & 0o7777;
    Ok((file, u16::try_from(mode).unwrap_or(0o644)))
}

#[cfg(test)]
mod tests;
