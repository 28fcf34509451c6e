//! Makes Lazaret's configuration of what the original's means.

mod credentials;
mod routes;

use std::path::Path;

use super::error::ImportError;
use super::imported::{Dialect, Hosts, Imported, Upstream};
use super::left::Report;
use super::model::{How, Mirror, Model};
use super::namespace::namespace_of_folder;
use super::origin::Origin;
use credentials::Logins;
use routes::Routes;

/// What the place of the files tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The registry of the folder.
    pub(super) namespace: Option<&'a str>,
    /// The folder.
    pub(super) folder: Option<&'a str>,
}

/// Converts a configuration.
///
/// # Errors
/// [`ImportError::NoNamespace`].
pub(super) fn convert(
    model: &Model,
    surroundings: &Surroundings<'_>,
    mut report: Report,
) -> Result<Imported, ImportError> {
    let of_folder = surroundings.namespace.map(str::to_owned).or_else(|| {
        let work_dir = model.work_dir.as_ref();
        work_dir.and_then(|folder| namespace_of_folder(Path::new(folder)))
    });
    let hosts = hosts(&model.runtime.mirrors, of_folder.as_deref(), &mut report);
    let routes = Routes::of(model, &mut report);
    let folder = surroundings.folder.or(model.work_dir.as_deref());
    let logins = Logins::of(&model.runtime.tokens, &routes.logins, folder);
    let namespaces = match &model.proxy {
        Some(_) => namespaces(&model.runtime.mirrors, of_folder)?,
        None => Vec::new(),
    };
    let mut upstreams = Vec::new();
    let is_only = namespaces.len() == 1;
    for (namespace, origin) in namespaces {
        upstreams.push(Upstream {
            credentials: logins.choose(&namespace, is_only),
            namespace,
            origin,
            pipeline: routes.pipeline.clone(),
            tagged: routes.tagged.clone(),
        });
    }
    logins.report(&model.runtime.tokens, &upstreams, &mut report);
    Ok(Imported {
        dialect: dialect(model),
        listen: model.listen.clone(),
        upstreams,
        hosts,
        left: report.finish(),
    })
}

fn dialect(model: &Model) -> Dialect {
    let mut ways = model.resources.iter().flat_map(|resource| &resource.ways);
    let has_operations =
        !model.operations.is_empty() || ways.any(|way| matches!(way.how, How::Operation(_)));
    let mut mirrors = model.runtime.mirrors.iter();
    match (
        has_operations,
        mirrors.any(|mirror| mirror.namespace.is_some()),
    ) {
        (false, _) => Dialect::Stages,
        (true, true) => Dialect::Operations,
        (true, false) => Dialect::Folder,
    }
}

/// The registries behind the mirror, each once: those that are named, else the one of the folder.
fn namespaces(
    mirrors: &[Mirror],
    of_folder: Option<String>,
) -> Result<Vec<(String, Option<Origin>)>, ImportError> {
    let mut found: Vec<(String, Option<Origin>)> = Vec::new();
    for mirror in mirrors {
        if let Some(name) = mirror
            .namespace
            .as_deref()
            .filter(|name| *name != "_default")
            && !found.iter().any(|(known, _)| known == name)
        {
            found.push((name.to_owned(), Some(mirror.origin.clone())));
        }
    }
    if found.is_empty() {
        found.push((of_folder.ok_or(ImportError::NoNamespace)?, None));
    }
    Ok(found)
}

/// The hosts files. A bare `.mirror` writes none.
fn hosts(mirrors: &[Mirror], of_folder: Option<&str>, report: &mut Report) -> Vec<Hosts> {
    let mut hosts = Vec::new();
    for mirror in mirrors {
        if mirror.namespace.is_none() && mirror.origins.len() == 1 {
            continue;
        }
        let Some(namespace) = mirror.namespace.as_deref().or(of_folder) else {
            for origin in &mirror.origins {
                report.leave(origin, "neither it nor the folder names a registry");
            }
            continue;
        };
        hosts.push(Hosts {
            namespace: namespace.to_owned(),
            addresses: mirror.addresses.clone(),
            server: mirror.server.clone(),
            ca: mirror.ca.clone(),
            origins: mirror.origins.clone(),
        });
    }
    hosts
}
