//! Makes method and path of a request one act.

use http::{Method, StatusCode};

use crate::fault::Fault;
use crate::request::decode;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Ping,
    Version,
    Document,
    Usage,
    Events,
    Images,
    Machines,
    Create,
    PruneMachines,
    Inspect,
    Remove,
    Start,
    Stop,
    Restart,
    Kill,
    Pause,
    Unpause,
    Rename,
    Wait,
    Logs,
    Stats,
    Exec,
    Attach,
    CopyOut,
    CopyIn,
    Volumes,
    CreateVolume,
    PruneVolumes,
    InspectVolume,
    RemoveVolume,
}

/// Stands for a name in a path.
const NAME: &str = "{}";

/// Every act with its method and path, as `docs/reference/api.json` has them.
pub(crate) const ACTS: &[(Method, &str, Act)] = &[
    (Method::GET, "/v1/ping", Act::Ping),
    (Method::GET, "/v1/version", Act::Version),
    (Method::GET, "/v1/openapi.json", Act::Document),
    (Method::GET, "/v1/system/df", Act::Usage),
    (Method::GET, "/v1/events", Act::Events),
    (Method::GET, "/v1/images", Act::Images),
    (Method::GET, "/v1/machines", Act::Machines),
    (Method::POST, "/v1/machines", Act::Create),
    (Method::POST, "/v1/prune/machines", Act::PruneMachines),
    (Method::GET, "/v1/machines/{}", Act::Inspect),
    (Method::DELETE, "/v1/machines/{}", Act::Remove),
    (Method::POST, "/v1/machines/{}/start", Act::Start),
    (Method::POST, "/v1/machines/{}/stop", Act::Stop),
    (Method::POST, "/v1/machines/{}/restart", Act::Restart),
    (Method::POST, "/v1/machines/{}/kill", Act::Kill),
    (Method::POST, "/v1/machines/{}/pause", Act::Pause),
    (Method::POST, "/v1/machines/{}/unpause", Act::Unpause),
    (Method::POST, "/v1/machines/{}/rename", Act::Rename),
    (Method::POST, "/v1/machines/{}/wait", Act::Wait),
    (Method::GET, "/v1/machines/{}/logs", Act::Logs),
    (Method::GET, "/v1/machines/{}/stats", Act::Stats),
    (Method::POST, "/v1/machines/{}/exec", Act::Exec),
    (Method::POST, "/v1/machines/{}/attach", Act::Attach),
    (Method::GET, "/v1/machines/{}/files", Act::CopyOut),
    (Method::PUT, "/v1/machines/{}/files", Act::CopyIn),
    (Method::GET, "/v1/volumes", Act::Volumes),
    (Method::POST, "/v1/volumes", Act::CreateVolume),
    (Method::POST, "/v1/prune/volumes", Act::PruneVolumes),
    (Method::GET, "/v1/volumes/{}", Act::InspectVolume),
    (Method::DELETE, "/v1/volumes/{}", Act::RemoveVolume),
];

impl Act {
    /// The act of a request, and the name in its path, which is empty where the path has none.
    pub(crate) fn of(method: &Method, path: &str) -> Result<(Self, String), Fault> {
        let mut allowed: Vec<&str> = Vec::new();
        for (own, pattern, act) in ACTS {
            let Some(name) = matches(pattern, path) else {
                continue;
            };
            if own != method {
                allowed.push(own.as_str());
                continue;
            }
            let name = decode(name).filter(|name| !name.is_empty() || !pattern.contains(NAME));
            let unreadable = || Fault::usage("the name in the path cannot be read");
            return Ok((*act, name.ok_or_else(unreadable)?));
        }
        if allowed.is_empty() {
            let message = format!("there is nothing at '{path}'");
            return Err(Fault::new(StatusCode::NOT_FOUND, "not-found", message));
        }
        let allowed = allowed.join(", ");
        let message = format!("'{path}' has {allowed}, not {method}");
        let mut fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, "usage", message);
        fault.allow = Some(allowed);
        Err(fault)
    }
}

/// The encoded name in a path that matches a pattern.
fn matches<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once(NAME) else {
        return (pattern == path).then_some("");
    };
    let name = path.strip_prefix(before)?.strip_suffix(after)?;
    (!name.contains('/')).then_some(name)
}
