//! Makes documents of the policies of other tools, as far as they mean something here.
//!
//! | from | what is read |
//! |---|---|
//! | Lens | its policies and mixins, as [`crate::read()`] reads them |
//! | Claude Code, sandbox-runtime | `allowedDomains` and `deniedDomains` of `network` or `sandbox.network` |
//! | Docker Sandboxes | `allow` and `deny` of a kit's `permissions.network`, `allowedDomains` and `deniedDomains` of `network` |
//! | OpenShell | `network_policies`: endpoints with access, rules and rules that deny |
//! | microsandbox | rules such as `allow@public:tcp:443`, of which the first that matches decides |
//!
//! What does not map is told by name.

mod claude;
mod docker;
mod microsandbox;
mod openshell;
mod sheet;

use serde_json::Value;
use thiserror::Error;

use crate::document::Document;
use crate::fault::Fault;
use crate::read::read;
use sheet::Sheet;

/// A tool whose policies are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Docker Sandboxes.
    Docker,
    /// Claude Code and sandbox-runtime.
    Claude,
    /// OpenShell.
    OpenShell,
    /// microsandbox.
    Microsandbox,
    /// Lens.
    Lens,
}

/// A policy that was read, and what of it has no place here.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The tool that it is of.
    pub tool: Tool,
    /// The document.
    pub document: Document,
    /// What is not in the document, one line each; printable.
    pub left_out: Vec<String>,
}

/// A policy cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// It is of no tool that is known.
    #[error("this is no policy of docker, claude, openshell, microsandbox or lens")]
    Unknown,
    /// Its rules cannot be translated.
    #[error("the rules cannot be translated: {}", summary(.0))]
    Untranslatable(Vec<Fault>),
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Docker,
        Self::Claude,
        Self::OpenShell,
        Self::Microsandbox,
        Self::Lens,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Claude => "claude",
            Self::OpenShell => "openshell",
            Self::Microsandbox => "microsandbox",
            Self::Lens => "lens",
        }
    }

    /// The tool that a policy is of, by its members.
    #[must_use]
    pub fn of(policy: &Value) -> Option<Self> {
        let has = |pointer: &str| policy.pointer(pointer).is_some();
        let is_lens = policy["apiVersion"] == "lns.run/v1"
            || has("/network/allowedRoutes")
            || has("/network/egress");
        let is_docker = has("/permissions/network") || has("/schemaVersion");
        let is_claude = ["/network", "/sandbox/network"].iter().any(|at| {
            let lists = ["allowedDomains", "deniedDomains"];
            lists.iter().any(|list| has(&format!("{at}/{list}")))
        });
        match () {
            () if is_lens => Some(Self::Lens),
            () if has("/network_policies") => Some(Self::OpenShell),
            () if is_docker => Some(Self::Docker),
            () if is_claude => Some(Self::Claude),
            () if microsandbox::rules(policy).is_some() => Some(Self::Microsandbox),
            () => None,
        }
    }
}

/// Reads a policy of another tool; which one, its members tell unless it is given.
///
/// # Errors
/// [`ImportError`].
pub fn import(tool: Option<Tool>, policy: &Value) -> Result<Imported, ImportError> {
    let tool = tool
        .or_else(|| Tool::of(policy))
        .ok_or(ImportError::Unknown)?;
    let mut sheet = Sheet::default();
    let default = match tool {
        Tool::Docker => docker::read(policy, &mut sheet),
        Tool::Claude => claude::read(policy, &mut sheet),
        Tool::OpenShell => openshell::read(policy, &mut sheet),
        Tool::Microsandbox | Tool::Lens => {
            let spec = match tool {
                Tool::Microsandbox => microsandbox::as_routes(policy, &mut sheet),
                _ => lens_spec(policy),
            };
            let spec = spec.ok_or(ImportError::Unknown)?;
            let document = read("imported", &spec).map_err(ImportError::Untranslatable)?;
            return Ok(Imported {
                tool,
                document,
                left_out: sheet.left_out,
            });
        }
    };
    let default = default.ok_or(ImportError::Unknown)?;
    let (document, left_out) = sheet.finish("imported", default);
    Ok(Imported {
        tool,
        document,
        left_out,
    })
}

/// What a policy of Lens says of the network: the whole of a flat one, the `spec` of an envelope.
fn lens_spec(policy: &Value) -> Option<Value> {
    match policy.get("spec") {
        Some(spec) => Some(spec.clone()),
        None => policy.is_object().then(|| policy.clone()),
    }
}

fn summary(faults: &[Fault]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

#[cfg(test)]
mod tests;
