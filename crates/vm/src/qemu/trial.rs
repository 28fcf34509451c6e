//! Tries the jail without a machine.

use std::path::Path;
use std::time::Duration;

use lazaret_files::blocking;
use tokio::time::timeout;

use super::Qemu;
use crate::jail::{Cell, Needs};
use crate::process::{self, Refusal};
use crate::{Error, Jail};

/// Longest time for QEMU to tell its version.
const LIMIT: Duration = Duration::from_secs(10);

impl Qemu {
    /// Has QEMU tell its version in the jail that machines get; returns what confined it. The jail is
    /// one for emulation, or for KVM.
    ///
    /// # Errors
    /// [`Error::Spawn`] and [`Error::QemuUnusable`] when QEMU does not run in it, [`Error::Jail`] when all
    /// parts are required and one is missing.
    pub async fn try_jail(&self, uses_kvm: bool) -> Result<Jail, Error> {
        let failed = |source| Error::Spawn {
            path: self.path().to_owned(),
            source,
        };
        let qemu = self.clone();
        let cell = blocking(move || {
            let needs = Needs {
                program: qemu.path(),
                uses_kvm,
                reopened: &[],
                written: &[],
                folder: None,
                keeps_user: false,
                largest_file: 0,
                machine: None,
            };
            Cell::prepare(qemu.jail(), &needs).map_err(Error::io("examine", qemu.path()))
        });
        let cell = cell.await?;
        let arguments = vec!["-version".into()];
        let started = process::start(arguments, Vec::new(), None, cell).await;
        let process = started.map_err(|refusal| match refusal {
            Refusal::Io(error) => failed(error),
            Refusal::Jail(jail) => Error::Jail {
                missing: jail.missing,
            },
        })?;
        match timeout(LIMIT, process.wait()).await {
            Ok(status) if status.success() => Ok(process.jail.clone()),
            Ok(_) => Err(unusable(self.path(), process.diagnostics.stderr())),
            Err(_) => Err(unusable(self.path(), "it did not end in time".to_owned())),
        }
    }
}

fn unusable(path: &Path, reason: String) -> Error {
    Error::QemuUnusable {
        path: path.to_owned(),
        reason: format!("in its jail: {reason}"),
    }
}
