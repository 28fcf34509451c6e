//! Classes and hints for a registry that cannot start or fails.

use std::io;

use lazaret_content::Error as Content;
use lazaret_registry::Error;
use lazaret_supervisor::ErrorClass;

/// The advice for a registry that is not there.
const NO_REGISTRY: &str =
    "name what `lazaret serve` uses: its file with --config, or its folder with --root";

/// The advice for metadata that is empty beside content.
const METADATA_LOST: &str = "bring the database back from a backup, or look whether root, metadata \
    and storage belong together; --metadata-start-empty true begins anew without the content, \
    which `lazaret registry check --repair` then deletes";

/// The advice for metadata that names content, beside none.
const CONTENT_LOST: &str = "bring it back, or look whether root, metadata and storage belong \
    together; `lazaret registry check --repair` forgets what is gone, so that it can be pushed again";

/// The class of a registry's failure.
pub(super) fn class(error: &Error) -> ErrorClass {
    match error {
        Error::Listen { source, .. } => match source.kind() {
            io::ErrorKind::AddrInUse => ErrorClass::Conflict,
            io::ErrorKind::AddrNotAvailable => ErrorClass::Invalid,
            _ => ErrorClass::Other,
        },
        Error::Storage { source, .. } => content_class(source),
        Error::NoRegistry { .. } => ErrorClass::NotFound,
        Error::Mirror(error) => super::mirror::class(error),
        Error::Upstream { .. } | Error::NoUpstream => ErrorClass::Invalid,
        Error::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            ErrorClass::NotFound
        }
        Error::Read { .. }
        | Error::Create { .. }
        | Error::Temporary { .. }
        | Error::MetadataLost { .. }
        | Error::ContentLost { .. } => ErrorClass::Storage,
        Error::Header { .. }
        | Error::Config(_)
        | Error::Auth(_)
        | Error::Tls(_)
        | Error::Key(_)
        | Error::Schema(_) => ErrorClass::Invalid,
        _ => ErrorClass::Other,
    }
}

/// The class of a failure of a registry's content.
pub(super) fn content_class(error: &Content) -> ErrorClass {
    match error {
        Content::DigestMismatch { .. } | Content::SizeMismatch { .. } => ErrorClass::Integrity,
        Content::Name { .. } | Content::Options { .. } => ErrorClass::Invalid,
        _ => ErrorClass::Storage,
    }
}

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    let (address, source) = match error {
        Error::Listen { address, source } => (address, source),
        Error::NoRegistry { .. } => return Some(NO_REGISTRY.to_owned()),
        Error::MetadataLost { .. } => return Some(METADATA_LOST.to_owned()),
        Error::ContentLost { .. } => return Some(CONTENT_LOST.to_owned()),
        _ => return None,
    };
    let hint = match source.kind() {
        // Port 0 means any free port, and there was none.
        io::ErrorKind::AddrInUse if address.port() == 0 => "every port is taken; end a program",
        io::ErrorKind::AddrInUse => {
            "another program listens there; choose another --listen address"
        }
        io::ErrorKind::AddrNotAvailable => "no interface of this machine has that address",
        io::ErrorKind::PermissionDenied => "ports below 1024 are for root; choose a higher one",
        _ => return None,
    };
    Some(hint.to_owned())
}
