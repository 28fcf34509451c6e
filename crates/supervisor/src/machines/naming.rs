//! How the user knows a machine.

use std::collections::BTreeMap;

/// The name and the labels of a machine.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// The name; one is chosen if there is none.
    pub name: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}
