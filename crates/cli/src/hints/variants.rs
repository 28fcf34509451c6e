//! Advice for failures of named kernels and guest images.

use lazaret_supervisor::VariantsError;
use lazaret_variants::Error;

/// What to do about it.
pub(super) fn hint(error: &VariantsError) -> Option<String> {
    Some(match error {
        VariantsError::NoDocument { .. } => {
            "name the document with --config FILE; docs/guide/variants.md has an example".to_owned()
        }
        VariantsError::Document { .. } => "`lazaret artifacts check` shows all faults".to_owned(),
        VariantsError::NoFile { .. } => {
            "build it with `lazaret artifacts build`, or pull it with `lazaret artifacts pull`"
                .to_owned()
        }
        VariantsError::NotStored { .. } => {
            "push it first: `lazaret artifacts push`; `lazaret artifacts inspect` shows its stores"
                .to_owned()
        }
        VariantsError::Variable { name, .. } => format!("set {name} in the environment"),
        VariantsError::PlainControlPlane { .. } => {
            "use https, or list host:port in LAZARET_PLAIN_HTTP".to_owned()
        }
        VariantsError::Refused { status: 401, .. } => {
            "check the token, and the audience of the control plane in the document".to_owned()
        }
        VariantsError::IndexRace { .. } => {
            "the variant itself is pushed; push again to repair the index".to_owned()
        }
        VariantsError::Value(Error::NoArtifact {
            nearest: Some(name),
            ..
        }) => format!("did you mean {name}?"),
        VariantsError::Value(Error::NoArtifact { nearest: None, .. }) => {
            "`lazaret artifacts list` lists the artifacts".to_owned()
        }
        _ => return None,
    })
}
