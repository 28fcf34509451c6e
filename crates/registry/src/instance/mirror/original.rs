//! Makes the API of the original mirror from its settings.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use super::Source;
use crate::config::{Config, Upstream};
use crate::original::{Engine, Logins, Original};

/// Name of the folder with records of what was installed.
const ENGINES: &str = "engines";

/// The API of the original mirror, if it is set up. `partial` is the folder of unfinished blobs unless the
/// settings name another one, `address` is where this mirror listens.
pub(in crate::instance) fn original(
    config: &Config,
    source: &Source,
    partial: &Path,
    address: SocketAddr,
) -> Option<Original> {
    let settings = config.mirror.api.as_ref()?;
    let partial = config.mirror.folder.as_deref().unwrap_or(partial);
    let folder = partial.parent().unwrap_or(partial).join(ENGINES);
    let looked_up = config.upstreams.iter().filter(|one| is_looked_up(one));
    let looked_up: BTreeSet<String> = looked_up.map(|one| one.namespace.clone()).collect();
    Some(Original {
        token_file: settings.token_file.clone(),
        is_remote: settings.remote,
        engine: Engine::new(
            address,
            config.tls.is_some(),
            settings.fs_root.clone(),
            folder,
        ),
        logins: Logins {
            file: source.credentials.own.clone(),
            looked_up,
        },
    })
}

/// Whether the credentials of an upstream are looked up in Lazaret's own file.
fn is_looked_up(upstream: &Upstream) -> bool {
    let credentials = upstream.credentials.as_ref();
    credentials.is_none_or(|credentials| credentials.keychain)
}
