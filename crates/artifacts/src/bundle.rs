//! Reads the references of a bundle.

use serde_json::Value;

use crate::{ComponentRef, Config, Family};

/// A place in `spec.components`, or the list of integrations of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The artifact that the run is of.
    Root,
    /// `agents`.
    Agents,
    /// `policies`.
    Policies,
    /// `tools`.
    Tools,
    /// `knowledge`.
    Knowledge,
    /// `filesets`.
    Filesets,
    /// `model`.
    Model,
    /// `sandbox`.
    Sandbox,
    /// `workflow`.
    Workflow,
    /// `spec.integrations` of a policy.
    Integrations,
    /// The flag `--mount` of the command line.
    Mount,
}

impl Slot {
    /// The slots of a bundle with the family of each, in the order in which they are resolved.
    pub const OF_BUNDLE: [(Self, Family); 8] = [
        (Self::Agents, Family::Agent),
        (Self::Sandbox, Family::Sandbox),
        (Self::Policies, Family::Policy),
        (Self::Workflow, Family::Workflow),
        (Self::Model, Family::Model),
        (Self::Tools, Family::Tool),
        (Self::Knowledge, Family::Knowledge),
        (Self::Filesets, Family::Fileset),
    ];

    /// Name of the member in the document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Agents => "agents",
            Self::Policies => "policies",
            Self::Tools => "tools",
            Self::Knowledge => "knowledge",
            Self::Filesets => "filesets",
            Self::Model => "model",
            Self::Sandbox => "sandbox",
            Self::Workflow => "workflow",
            Self::Integrations => "integrations",
            Self::Mount => "mount",
        }
    }

    fn is_list(self) -> bool {
        !matches!(self, Self::Model | Self::Sandbox | Self::Workflow)
    }
}

/// The references of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleSpec {
    /// Every reference, with its slot and the family that the slot requires, in the order of
    /// [`Slot::OF_BUNDLE`].
    pub components: Vec<(Slot, Family, ComponentRef)>,
}

impl BundleSpec {
    /// Reads `spec.components`.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self::read(config.value())
    }

    fn read(envelope: &Value) -> Self {
        let components = Slot::OF_BUNDLE
            .into_iter()
            .flat_map(|(slot, family)| {
                let pointer = format!("/spec/components/{}", slot.name());
                let references = if slot.is_list() {
                    ComponentRef::read_list(envelope, &pointer)
                } else {
                    ComponentRef::read(envelope, &pointer).into_iter().collect()
                };
                references
                    .into_iter()
                    .map(move |reference| (slot, family, reference))
            })
            .collect();
        Self { components }
    }

    /// The references in one slot.
    pub fn slot(&self, slot: Slot) -> impl Iterator<Item = &ComponentRef> {
        self.components
            .iter()
            .filter(move |(at, _, _)| *at == slot)
            .map(|(_, _, reference)| reference)
    }
}
