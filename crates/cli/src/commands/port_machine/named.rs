//! The document that names machines, and what became of them on this host.

use std::path::PathBuf;

use lazaret_supervisor::{DOCUMENT_LABEL, FoundMachine, Home, MACHINE_LABEL};
use lazaret_variants::{Document, Machine};
use serde::Serialize;

use crate::commands::artifacts::which::{self, DOCUMENT};
use crate::commands::machine::{ps, time};
use crate::context::Context;
use crate::failure::Failure;

/// The document that names machines.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Document with kernels, guest images and machines
    #[arg(long, value_name = "FILE", default_value = DOCUMENT)]
    pub(super) config: PathBuf,
}

/// A machine of the document, and what became of it on this host.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) kernel: String,
    pub(super) guest_image: String,
    pub(super) selector: String,
    pub(super) vcpu_count: u32,
    pub(super) memory_mib: u32,
    /// `not launched`, or its state.
    pub(super) state: String,
    pub(super) status: String,
    pub(super) id: Option<String>,
}

impl Named {
    pub(super) fn document(&self, context: &Context) -> Result<Document, Failure> {
        which::document(context, &self.config)
    }

    /// The machine of this host that was launched as this one of the document.
    pub(super) fn launched(
        &self,
        home: &Home,
        name: &str,
    ) -> Result<Option<FoundMachine>, Failure> {
        let document = std::path::absolute(&self.config);
        let document = document.map_err(|error| Failure::io("find the document", error))?;
        let document = document.display().to_string();
        let is_it = |found: &FoundMachine| {
            let label = |key| found.spec.labels.get(key).map(String::as_str);
            label(MACHINE_LABEL) == Some(name) && label(DOCUMENT_LABEL) == Some(&document)
        };
        Ok(home.machines()?.into_iter().find(is_it))
    }

    pub(super) fn row(&self, home: &Home, machine: &Machine) -> Result<Row, Failure> {
        let found = self.launched(home, &machine.name)?;
        let never = || "not launched".to_owned();
        Ok(Row {
            name: machine.name.clone(),
            host: machine.host.clone(),
            kernel: machine.kernel.clone(),
            guest_image: machine.guest_image.clone(),
            selector: machine.selector().to_string(),
            vcpu_count: machine.vcpu_count,
            memory_mib: machine.memory_mib,
            state: found
                .as_ref()
                .map_or_else(never, |found| found.state.life.name().to_owned()),
            status: found
                .as_ref()
                .map_or_else(never, |found| ps::status(found, time::now())),
            id: found.map(|found| found.spec.id),
        })
    }
}
