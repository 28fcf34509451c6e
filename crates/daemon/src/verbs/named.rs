//! The answer that names a machine.

use lazaret_supervisor::MachineSpec;
use serde::Serialize;

/// A machine.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    id: String,
    name: String,
}

impl From<MachineSpec> for Named {
    fn from(spec: MachineSpec) -> Self {
        Self {
            id: spec.id,
            name: spec.name,
        }
    }
}
