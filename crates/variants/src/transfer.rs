//! The hosted API: what its clients and servers tell each other about one transfer.
//!
//! ```text
//! POST /v1/artifacts:push   header x-port-artifact-transfer: Transfer, body: the bytes
//!                           200 {route, result: TransferResult}
//! POST /v1/artifacts:pull   body: Transfer
//!                           200 the bytes
//! both                      authorization: Bearer TOKEN, x-port-audience: AUDIENCE
//! refusals                  {route, message}
//! ```
//! The names of all members are Port's. The header with the digest is ours; Port ignores it.

use std::fmt::Write as _;

use lazaret_values::Printable;
use serde::{Deserialize, Serialize};

use crate::part::check_part;
use crate::{ArtifactReference, Error, Selector, StorePath, hosted_root};

/// Header with the audience that a token is for.
pub const AUDIENCE_HEADER: &str = "x-port-audience";
/// Header with the [`Transfer`] of a push.
pub const TRANSFER_HEADER: &str = "x-port-artifact-transfer";
/// Header with the digest of the content, ours: `sha256:HEX`.
pub const DIGEST_HEADER: &str = "x-lazaret-content-digest";
/// Path of the push.
pub const PUSH_PATH: &str = "/v1/artifacts:push";
/// Path of the pull.
pub const PULL_PATH: &str = "/v1/artifacts:pull";

/// What is moved. Its parts are checked, and the path is the one that they give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    artifact_name: String,
    reference: ArtifactReference,
    selector: Selector,
    filename: String,
    path: StorePath,
    control_plane: String,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    artifact_name: String,
    reference: ArtifactReference,
    selector: Selector,
    filename: String,
    store_path: String,
}

/// What a server has stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferResult {
    /// Name of the artifact.
    pub artifact_name: String,
    /// Its reference.
    pub reference: ArtifactReference,
    /// The variant.
    pub selector: Selector,
    /// Where the control plane has it.
    pub store_path: String,
    /// Size of the content in bytes.
    pub bytes_copied: u64,
}

/// Which parts of a fleet a request went through. Only the control plane is known here; the lists
/// must be there for Port's clients.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Route {
    /// Name of the control plane.
    #[serde(default)]
    pub control_plane: Option<String>,
    /// Always empty.
    #[serde(default)]
    pub candidate_nodes: Vec<String>,
    /// Always empty.
    #[serde(default)]
    pub host_groups: Vec<String>,
}

impl Route {
    /// A request that the control plane answers itself.
    #[must_use]
    pub fn of(control_plane: &str) -> Self {
        Self {
            control_plane: Some(control_plane.to_owned()),
            ..Self::default()
        }
    }
}

/// The answer to a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferAnswer {
    /// The parts that the request went through.
    pub route: Route,
    /// What was stored.
    pub result: TransferResult,
}

/// The answer to a request that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The parts that the request went through.
    #[serde(default)]
    pub route: Option<Route>,
    /// The reason.
    pub message: String,
}

impl Transfer {
    /// The transfer of the file `filename` of a variant to or from a control plane.
    ///
    /// # Errors
    /// [`Error`] when the names are not fit to be parts of a path.
    pub fn new(
        control_plane: &str,
        artifact_name: &str,
        reference: &ArtifactReference,
        selector: Selector,
        filename: &str,
    ) -> Result<Self, Error> {
        check_part("control plane", control_plane)?;
        check_part("artifact name", artifact_name)?;
        let selector = selector.resolved()?;
        Ok(Self {
            artifact_name: artifact_name.to_owned(),
            reference: reference.clone(),
            selector,
            filename: filename.to_owned(),
            path: StorePath::new(reference, selector, filename)?,
            control_plane: control_plane.to_owned(),
        })
    }

    /// Reads what a client says, and checks that it names the path that its parts give.
    ///
    /// # Errors
    /// [`Error`]; all of them are the client's faults.
    pub fn parse(json: &[u8], control_plane: &str) -> Result<Self, Error> {
        let wire: Wire = serde_json::from_slice(json).map_err(|error| Error::Transfer {
            reason: Printable::excerpt(&error.to_string()),
        })?;
        // What is stored must not depend on the machine that asks.
        if wire.selector.architecture.platform().is_none() {
            return Err(Error::Transfer {
                reason: "the selector's architecture is native".to_owned(),
            });
        }
        let transfer = Self::new(
            control_plane,
            &wire.artifact_name,
            &wire.reference,
            wire.selector,
            &wire.filename,
        )?;
        let expected = transfer.store_path();
        if wire.store_path == expected {
            return Ok(transfer);
        }
        Err(Error::StorePath {
            text: Printable::excerpt(&wire.store_path),
            expected,
        })
    }

    /// The text that [`Transfer::parse`] reads: JSON in ASCII, fit to be the value of a header.
    #[must_use]
    pub fn to_json(&self) -> String {
        let wire = Wire {
            artifact_name: self.artifact_name.clone(),
            reference: self.reference.clone(),
            selector: self.selector,
            filename: self.filename.clone(),
            store_path: self.store_path(),
        };
        let text = serde_json::to_string(&wire).expect("the members are text");
        ascii(&text)
    }

    /// The path beneath the store's root.
    #[must_use]
    pub fn path(&self) -> &StorePath {
        &self.path
    }

    /// The path as both sides name it.
    #[must_use]
    pub fn store_path(&self) -> String {
        format!("{}/{}", hosted_root(&self.control_plane), self.path)
    }

    /// What a server answers that has stored it.
    #[must_use]
    pub fn result(&self, bytes_copied: u64) -> TransferResult {
        TransferResult {
            artifact_name: self.artifact_name.clone(),
            reference: self.reference.clone(),
            selector: self.selector,
            store_path: self.store_path(),
            bytes_copied,
        }
    }
}

/// JSON without other characters than ASCII. Outside strings it never has any.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}
