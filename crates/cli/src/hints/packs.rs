//! Hints for packs.

use std::io;

use lazaret_supervisor::{PackError, PackFormatError as Format};

/// The advice for an error, if there is any.
pub(super) fn hint(error: &PackError) -> Option<String> {
    Some(match error {
        PackError::Format(error) => return format(error),
        PackError::Architecture { .. } | PackError::Platform { .. } => {
            "packs are made on a host of their platform: `lazaret pack create`".to_owned()
        }
        PackError::Launch { .. } => {
            "make the pack anew, or use the program that made it".to_owned()
        }
        PackError::Mounts => "bundles mount artifacts: `lazaret pack create BUNDLE`".to_owned(),
        PackError::Replaced { machine, .. } => {
            format!("put the pack back, or remove the machine: `lazaret rm {machine}`")
        }
        PackError::NoLayers { image } => format!("pull it: `lazaret pull {image}`"),
        PackError::NoArtifact { .. } => "`lazaret pull` takes images and artifacts".to_owned(),
        PackError::Foreign { .. } => "`lazaret pack inspect` shows what is in it".to_owned(),
    })
}

fn format(error: &Format) -> Option<String> {
    Some(match error {
        Format::NoPack { .. } => {
            "take another copy, or make it anew: `lazaret pack create`".to_owned()
        }
        Format::Damaged { .. } => {
            "do not use it: take another copy, or make it anew: `lazaret pack create`".to_owned()
        }
        Format::Untrusted { .. } => {
            "`lazaret pack inspect` without --require-key shows who signed it".to_owned()
        }
        Format::Key { .. } => {
            "`openssl genpkey -algorithm ed25519 -out key.pem` makes one, `openssl pkey -pubout` its \
             public half"
                .to_owned()
        }
        Format::Program { .. } => "build Lazaret anew: `cargo build --release`".to_owned(),
        Format::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
            "free some space; nothing half-written was kept".to_owned()
        }
        _ => return None,
    })
}
