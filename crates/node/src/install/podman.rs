//! podman, skopeo, buildah and CRI-O: a file in `registries.conf.d` (containers-registries.conf.d(5)).
//!
//! They send no namespace (`ns`), so the mirror's location has it as a path: what follows the prefix in a
//! reference is appended to the location.

use lazaret_values::Printable;
use toml_edit::{DocumentMut, Item, Table};

use super::certificates;
use super::draft::Draft;
use super::error::Error;
use super::toml_text::{WHOLE, parse, quoted};
use super::wish::{Name, Namespace, Wish};

/// Files are read in the order of their names, and the last entry of a prefix counts.
const FILE: &str = "990-lazaret-mirror.conf";

pub(super) fn add(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let servers = wish.namespaces.iter().filter_map(Namespace::other_server);
    for origin in servers.chain([wish.mirror.origin()]) {
        if origin.is_ipv6() {
            return Err(
                origin.refused("podman fails on every image whose place has an IPv6 address")
            );
        }
    }
    let folder = &wish.places.podman;
    check_others(wish, draft)?;
    certificates::add(wish, &folder.join("certs.d"), draft)?;
    let path = draft
        .tree
        .at(&folder.join("registries.conf.d").join(FILE))?;
    let mut text = String::new();
    for namespace in &wish.namespaces {
        match &namespace.name {
            Name::Default => draft.notice(
                "podman has no entry for all registries: it asks those itself that are not named"
                    .to_owned(),
            ),
            Name::Host(host) if host.is_path() => {
                text.push_str(&entry(wish, &host.to_string(), namespace));
            }
            Name::Host(host) => {
                // A location with `:` in its path would fail every pull, also where the mirror is not needed.
                let effect = if wish.fallback {
                    "asks it itself"
                } else {
                    "is kept from it"
                };
                draft.notice(format!(
                    "podman names a registry to a mirror by a path, which '{host}' cannot be: podman {effect}"
                ));
                if !wish.fallback {
                    text.push_str(&blocked(&host.to_string()));
                }
            }
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    let why = "podman, skopeo and buildah pull through the mirror";
    draft.put(path, format!("{WHOLE}\n{text}"), why, None)
}

fn blocked(name: &str) -> String {
    format!(
        "\n[[registry]]\nprefix = {0}\nlocation = {0}\nblocked = true\n",
        quoted(name)
    )
}

fn entry(wish: &Wish, name: &str, namespace: &Namespace) -> String {
    let mirror = wish.mirror.origin();
    let location = format!("{}/{name}", mirror.host());
    let prefix = quoted(name);
    if !wish.fallback {
        let place = place(&location, mirror.is_plain());
        return format!("\n[[registry]]\nprefix = {prefix}\n{place}");
    }
    let server = match namespace.other_server() {
        Some(server) => place(&server.host(), server.is_plain()),
        None => place(name, false),
    };
    let mirror = place(&location, mirror.is_plain());
    format!("\n[[registry]]\nprefix = {prefix}\n{server}\n[[registry.mirror]]\n{mirror}")
}

fn place(location: &str, plain: bool) -> String {
    let insecure = if plain { "insecure = true\n" } else { "" };
    format!("location = {}\n{insecure}", quoted(location))
}

/// Looks at the other files: an entry of the same prefix replaces ours or is replaced by it.
fn check_others(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let main = wish.places.podman.join("registries.conf");
    let folder = wish.places.podman.join("registries.conf.d");
    let names = draft.tree.names(&draft.tree.at(&folder)?)?;
    let others = names
        .iter()
        .filter(|name| name.ends_with(".conf") && *name != FILE);
    for file in std::iter::once(main).chain(others.map(|name| folder.join(name))) {
        let path = draft.tree.at(&file)?;
        let Some(text) = draft.tree.look(&path)? else {
            continue;
        };
        let document = parse(&path, &text)?;
        let wins = file.file_name().is_some_and(|name| name > FILE) && file.starts_with(&folder);
        for prefix in prefixes(&document) {
            let same = |namespace: &Namespace| namespace.name.to_string() == prefix;
            if wish.namespaces.iter().any(same) {
                let effect = if wins {
                    "wins over the mirror"
                } else {
                    "has no effect beside the mirror"
                };
                let (path, prefix) = (path.display(), Printable::excerpt(&prefix));
                draft.notice(format!("the entry for '{prefix}' in '{path}' {effect}"));
            }
        }
    }
    Ok(())
}

fn prefixes(document: &DocumentMut) -> Vec<String> {
    let entries = document.get("registry").and_then(Item::as_array_of_tables);
    let prefix = |entry: &Table| {
        let prefix = entry.get("prefix").or_else(|| entry.get("location"));
        prefix.and_then(Item::as_str).map(str::to_owned)
    };
    entries.into_iter().flatten().filter_map(prefix).collect()
}

#[cfg(test)]
mod tests;
