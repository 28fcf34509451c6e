//! A `BuildKit` daemon: `buildkitd.toml`.
//!
//! `BuildKit` asks a mirror as containerd does, with the namespace (`ns`) in each request. A path after the host
//! would come before the repository, so there is none.

use std::path::Path;

use toml_edit::Array;

use super::draft::Draft;
use super::error::Error;
use super::plan::Step;
use super::toml_text::{find, parse, set, shape, strings, table};
use super::wish::{Name, Namespace, Wish};

pub(super) fn add(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let is_ipv6 = |namespace: &Namespace| match &namespace.name {
        Name::Host(host) => host.is_ipv6(),
        Name::Default => false,
    };
    if wish.mirror.origin().is_ipv6() || wish.namespaces.iter().any(is_ipv6) {
        let reason = "BuildKit reads no IPv6 address as the name of a section";
        return Err(wish.mirror.origin().refused(reason));
    }
    let path = draft.tree.at(&wish.places.buildkit)?;
    let before = draft.text(&path)?;
    let mut document = parse(&path, before.as_deref().unwrap_or_default())?;
    let mirror = wish.mirror.origin().host();
    let mut named = false;
    for namespace in &wish.namespaces {
        let Name::Host(host) = &namespace.name else {
            draft.notice(
                "BuildKit has no entry for all registries: name those that it shall pull through the mirror".to_owned(),
            );
            continue;
        };
        named = true;
        let host = host.to_string();
        let keys = ["registry", &host, "mirrors"];
        let given = strings(find(&document, &keys), &path, &keys)?;
        if given.first() != Some(&mirror) {
            let others = given.iter().filter(|other| **other != mirror);
            let mirrors: Array = std::iter::once(&mirror).chain(others).collect();
            set(table(&mut document, &keys[..2], &path)?, "mirrors", mirrors);
        }
        if let Some(server) = namespace.other_server() {
            draft.notice(format!(
                "BuildKit falls back to the server that it knows for {host}, not to {server}"
            ));
        }
    }
    if !named {
        return Ok(());
    }
    connection(wish, &path, &mut document)?;
    if !wish.fallback {
        draft.notice(
            "BuildKit asks a registry itself when its mirror fails, and no setting keeps it from that".to_owned(),
        );
    }
    let text = document.to_string();
    let why = "BuildKit pulls through the mirror";
    draft.put(path, text, why, Some(Step::RestartBuildkit))
}

/// How the mirror itself is spoken to.
fn connection(
    wish: &Wish,
    path: &Path,
    document: &mut toml_edit::DocumentMut,
) -> Result<(), Error> {
    let host = wish.mirror.origin().host();
    let plain = wish.mirror.origin().is_plain();
    let keys = ["registry", &host];
    let http = match find(document, &[keys[0], keys[1], "http"]) {
        None => false,
        Some(item) => item
            .as_bool()
            .ok_or_else(|| shape(path, &[keys[0], keys[1], "http"], "boolean"))?,
    };
    if http != plain {
        set(table(document, &keys, path)?, "http", plain);
    }
    if let Some(file) = wish.mirror.certificates_text() {
        let keys = [keys[0], keys[1], "ca"];
        let mut files = strings(find(document, &keys), path, &keys)?;
        if !files.iter().any(|given| given == file) {
            files.push(file.to_owned());
            let files: Array = files.iter().collect();
            set(table(document, &keys[..2], path)?, "ca", files);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
