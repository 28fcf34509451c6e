//! Which policy file a command is about.

use std::path::{Path, PathBuf};

use lazaret_artifacts::Error as ArtifactError;
use lazaret_policy::Document;
use lazaret_supervisor::{Error, find_policy, new_policy_name, read_documents};

use crate::failure::Failure;
use crate::printer::Printer;

/// The policy file.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Policy file, YAML or JSON [default: the project's]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Place {
    /// The file that is there.
    pub(super) fn existing(&self) -> Result<PathBuf, Failure> {
        match self.named()? {
            Some(path) => Ok(path),
            None => Err(Failure::usage_with(
                "there is no policy file here or in a folder above",
                "name one with --policy, or make one: lazaret policy allow HOST",
            )),
        }
    }

    /// The file that is there, or the one that would be made.
    pub(super) fn any(&self) -> Result<PathBuf, Failure> {
        let named = self.named()?;
        Ok(named.unwrap_or_else(|| new_policy_name().to_owned()))
    }

    fn named(&self) -> Result<Option<PathBuf>, Failure> {
        if let Some(path) = &self.policy {
            return Ok(Some(path.clone()));
        }
        let folder = std::env::current_dir();
        let folder = folder.map_err(|error| Failure::io("find the working folder", error))?;
        let found = find_policy(&folder);
        Ok(found.map(|path| match path.strip_prefix(&folder) {
            Ok(name) => name.to_owned(),
            Err(_) => path,
        }))
    }
}

/// The documents of a file.
pub(super) fn documents(path: &Path, printer: Printer) -> Result<Vec<Document>, Failure> {
    read_documents(path).map_err(|error| told(error, path, printer))
}

/// The failure of an error, of which several faults are told one by one.
pub(super) fn told(error: Error, path: &Path, printer: Printer) -> Failure {
    match error {
        Error::Artifact(ArtifactError::Invalid { faults, .. }) if faults.len() > 1 => {
            for fault in &faults {
                printer.always(&format!("{}: {fault}", path.display()));
            }
            Failure::Invalid {
                faults: faults.len(),
            }
        }
        error => error.into(),
    }
}
