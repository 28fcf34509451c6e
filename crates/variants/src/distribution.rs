//! Where an artifact goes and where it comes from.

use std::fmt;
use std::path::PathBuf;

use crate::Endpoint;
use crate::word::words;

/// The places of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Folder of the copies that this machine keeps.
    pub cache_root: PathBuf,
    /// Where it is pushed.
    pub push: BackendSettings,
    /// Where it is pulled from.
    pub pull: BackendSettings,
}

/// A place that keeps artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendSettings {
    /// A folder.
    FileSystem {
        /// The folder.
        root: PathBuf,
    },
    /// An OCI registry, which the reference names.
    OciRegistry {
        /// Whether connections are encrypted.
        transport: Transport,
        /// The login.
        auth: RegistryAuth,
    },
    /// A control plane.
    HostedApi {
        /// Its URL, which is that of one of the document's control planes.
        endpoint: Endpoint,
        /// Name of that control plane.
        control_plane: String,
    },
}

impl fmt::Display for BackendSettings {
    /// The place as Port names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileSystem { root } => write!(f, "filesystem {}", root.display()),
            Self::OciRegistry { transport, auth } => {
                write!(f, "oci-registry {transport} {}", auth.describe())
            }
            Self::HostedApi {
                endpoint,
                control_plane,
            } => write!(f, "hosted-api {endpoint} (control-plane {control_plane})"),
        }
    }
}

words! {
    /// How a registry is reached.
    Transport, "transport":
    /// With TLS.
    Https = "https",
    /// Without TLS.
    PlainHttp = "plain-http",
}

/// The login at a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryAuth {
    /// None of the document's own.
    Anonymous,
    /// User and password of environment variables.
    BasicEnv {
        /// Name of the variable with the user.
        username_variable: String,
        /// Name of the variable with the password.
        password_variable: String,
    },
}

impl RegistryAuth {
    /// The login as Port shows it, without its secret.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::BasicEnv {
                username_variable,
                password_variable,
            } => format!("basic-env:{username_variable}:{password_variable}"),
        }
    }
}
