//! The settings of control planes.

use std::path::PathBuf;

use lazaret_values::Size;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A control plane: a store of kernels and guest images by name, over the hosted API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlPlaneSettings {
    /// Its name, as its clients' `port.toml` has it.
    pub name: String,
    /// Whom its tokens are for; a request chooses its control plane by this.
    pub audience: String,
    /// File with the token that clients send; read at each request.
    #[schemars(extend("format" = "path"))]
    pub token_file: PathBuf,
    /// The header with the token, `Bearer TOKEN`.
    #[serde(default = "authorization")]
    pub header: String,
    /// Folder of its content; `hosted/NAME/artifacts` in `root` when nothing is said.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub folder: Option<PathBuf>,
    /// Largest file that it takes.
    #[serde(default = "largest")]
    pub largest: Size,
}

fn authorization() -> String {
    "authorization".to_owned()
}

pub(crate) fn largest() -> Size {
    Size::mebibytes(64 * 1024)
}
