//! The paths of the original mirror's API.

/// A path of the original mirror's API. Whether it is served at all is a setting, so that its methods are
/// not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Original {
    /// `/config`: the container engine's configuration for one registry.
    Config,
    /// `/login`: a credential for one upstream.
    Login,
    /// `/auth`: the credential of one upstream.
    Auth,
    /// `/status`: the upstreams in words.
    Status,
}

impl Original {
    /// The path with this only segment.
    pub(super) fn of(segment: &str) -> Option<Self> {
        Some(match segment {
            "config" => Self::Config,
            "login" => Self::Login,
            "auth" => Self::Auth,
            "status" => Self::Status,
            _ => return None,
        })
    }
}
