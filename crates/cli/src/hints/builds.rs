//! Hints for kernels and guest images of a document.

use lazaret_supervisor::BuildError;
use lazaret_variants::Error;

/// The advice for an error, if there is any.
pub(super) fn hint(error: &BuildError) -> Option<String> {
    let text = match error {
        BuildError::Variant(Error::NoArtifact {
            nearest: Some(nearest),
            ..
        })
        | BuildError::NoMachine {
            nearest: Some(nearest),
            ..
        } => return Some(format!("did you mean '{nearest}'?")),
        BuildError::Absent { name, selector, .. } => {
            let flags = flags(selector);
            return Some(format!(
                "build it with `lazaret artifacts build --artifact {name}{flags}`, or pull it"
            ));
        }
        BuildError::NoSource {
            kind: "kernel",
            name,
            selector,
        } if selector.ends_with("/pvm") => {
            return Some(format!(
                "give it a source of its own with protection_mode = \"pvm\" and a command or flake in \
                 [[artifacts.kernels.{name}.source]], or set PORT_PVM_BUILD_FLAKE_REF; a standard \
                 kernel is never used for it"
            ));
        }
        BuildError::NoSource { name, .. } => {
            return Some(format!(
                "say in [[artifacts.kernels.{name}.source]] what it is built from: file, package, \
                 url with sha256, or command"
            ));
        }
        BuildError::Foreign { .. } => "push and pull move variants of any architecture",
        BuildError::NoProgram { program } if program == "busybox" => {
            "install it, set PORT_BUSYBOX_BIN, or name it in the image's table source"
        }
        BuildError::NoProgram { program } if program == "nix" => {
            "install Nix, or give the kernel a source with a command"
        }
        BuildError::Unsound { .. } => "build it again: `lazaret artifacts build`",
        BuildError::NotLocal { .. } => "run the command on that host",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The flags of a variant of this architecture.
fn flags(selector: &str) -> String {
    let mut words = selector.split('/').skip(1);
    let substrate = words.next().unwrap_or_default();
    let mode = words.next().unwrap_or_default();
    format!(" --substrate {substrate} --protection-mode {mode}")
}
