//! A folder of `hosts.toml` files, as containerd and dockerd 28 and later read them at each pull.

use std::path::Path;

use super::draft::Draft;
use super::error::Error;
use super::hosts_file::{Beside, Hosts};
use super::tree::Tree;
use super::wish::{Name, Wish};

/// Adds a `hosts.toml` for each namespace below `folder`, which is given as the engine sees it.
pub(super) fn add(wish: &Wish, folder: &Path, draft: &mut Draft) -> Result<(), Error> {
    for namespace in &wish.namespaces {
        let name = host_folder(&namespace.name, folder, &draft.tree)?;
        let folder = draft.tree.at(&folder.join(name))?;
        let hosts = Hosts {
            mirror: &wish.mirror,
            server: namespace.server.as_ref(),
            fallback: wish.fallback,
            beside: beside(&folder, &draft.tree)?,
        };
        let path = folder.join("hosts.toml");
        let outcome = hosts.text(&path, draft.text(&path)?.as_deref())?;
        if let Some(notice) = outcome.notice {
            draft.notice(notice);
        }
        let why = format!("images of {} come through the mirror", namespace.name);
        draft.put(path, outcome.text, &why, None)?;
    }
    Ok(())
}

/// The folder that an engine reads for a registry, or would read if it existed. No other one may be made: it
/// would hide what the user has in this one.
fn host_folder(name: &Name, folder: &Path, tree: &Tree) -> Result<String, Error> {
    let Name::Host(host) = name else {
        return Ok("_default".to_owned());
    };
    for name in host.folders() {
        if tree.at(&folder.join(&name))?.exists() {
            return Ok(name);
        }
    }
    Ok(host.new_folder())
}

fn beside(folder: &Path, tree: &Tree) -> Result<Beside, Error> {
    let names = tree.names(folder)?;
    let mut beside = Beside::default();
    for name in &names {
        if name.ends_with(".crt") {
            beside.authorities.push(name.clone());
        } else if let Some(stem) = name.strip_suffix(".cert") {
            let key = format!("{stem}.key");
            if names.contains(&key) {
                beside.pairs.push((name.clone(), key));
            }
        }
    }
    Ok(beside)
}

#[cfg(test)]
mod tests;
