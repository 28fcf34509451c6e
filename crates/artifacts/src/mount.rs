//! Mount targets: the path and mode of an artifact in the agent's file system.
//!
//! `mounted` adds the content that is mounted there.

mod flag;
mod path;

use serde::{Deserialize, Serialize};

pub use flag::MountFlag;
pub use path::GuestPath;

use crate::{Class, Error, Family};

/// `mount` of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The path, when it is not the family's default.
    pub path: Option<GuestPath>,
    /// Whether writes are refused; the default is true.
    pub read_only: bool,
}

/// The place at which an artifact is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountTarget {
    /// Path in the machine.
    pub path: GuestPath,
    /// Whether writes are refused, also to root.
    pub read_only: bool,
}

/// The path and mode of an artifact: `path` if given, else its own `mount.path`, else the
/// default of its family.
///
/// # Errors
/// [`Error::NotMountable`] for a runtime family, [`Error::MountPathMissing`] for a file set
/// without a path.
pub fn mount_target(
    family: Family,
    name: &str,
    mount: Option<&Mount>,
    path: Option<&GuestPath>,
) -> Result<MountTarget, Error> {
    if family.class() == Class::Runtime {
        return Err(Error::NotMountable {
            subject: name.to_owned(),
            what: format!("{}, which is applied around an agent", family.article()),
        });
    }
    let own = mount.and_then(|mount| mount.path.as_ref());
    let path = match (path.or(own), family.default_mount()) {
        (Some(path), _) => path.clone(),
        (None, Some(default)) => default.replace("<name>", name).parse()?,
        (None, None) => {
            return Err(Error::MountPathMissing {
                family: family.name(),
                name: name.to_owned(),
            });
        }
    };
    Ok(MountTarget {
        path,
        read_only: mount.is_none_or(|mount| mount.read_only),
    })
}
