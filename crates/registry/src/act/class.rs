//! Classes of paths, for labels.

/// The class of a path. There are few, and none contains a name that a client chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Base,
    Catalog,
    Tags,
    Manifest,
    Referrers,
    Blob,
    Uploads,
    Upload,
    Extension,
    Probe,
    Metrics,
    Token,
    Transfer,
    /// A path that leads to no endpoint.
    Other,
}

impl Class {
    /// The label in measurements.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Catalog => "catalog",
            Self::Tags => "tags",
            Self::Manifest => "manifest",
            Self::Referrers => "referrers",
            Self::Blob => "blob",
            Self::Uploads | Self::Upload => "upload",
            Self::Extension => "extension",
            Self::Probe => "probe",
            Self::Metrics => "metrics",
            Self::Token => "token",
            Self::Transfer => "transfer",
            Self::Other => "other",
        }
    }

    /// The pattern of the path, for traces.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Self::Base => "/v2/",
            Self::Catalog => "/v2/_catalog",
            Self::Tags => "/v2/{name}/tags/list",
            Self::Manifest => "/v2/{name}/manifests/{reference}",
            Self::Referrers => "/v2/{name}/referrers/{digest}",
            Self::Blob => "/v2/{name}/blobs/{digest}",
            Self::Uploads => "/v2/{name}/blobs/uploads/",
            Self::Upload => "/v2/{name}/blobs/uploads/{session}",
            Self::Extension => "/ext",
            Self::Probe => "/livez",
            Self::Metrics => "/metrics",
            Self::Token => "/auth/token",
            Self::Transfer => "/v1/artifacts",
            Self::Other => "other",
        }
    }
}
