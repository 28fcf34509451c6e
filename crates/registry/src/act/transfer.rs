//! The paths of the hosted API of control planes.

/// What a request to a control plane asks for. Whether there is one is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// `/v1/artifacts:push`: content is stored.
    Push,
    /// `/v1/artifacts:pull`: content is sent.
    Pull,
}

impl Transfer {
    /// The path with this last segment.
    pub(super) fn of(segment: &str) -> Option<Self> {
        Some(match segment {
            "artifacts:push" => Self::Push,
            "artifacts:pull" => Self::Pull,
            _ => return None,
        })
    }
}
