//! Names of registries' hosts.

use std::path::{Component, Path};

/// The folder below which the original keeps its files.
const WORLD: &str = ".world";

/// The namespace that the folder of a `mirror.runmd` stands for: `.world/azurecr.io/example` is
/// `example.azurecr.io`, and `.world/azurecr.io` is `azurecr.io`. `None` for other folders.
#[must_use]
pub fn namespace_of_folder(folder: &Path) -> Option<String> {
    let names: Vec<&str> = folder
        .components()
        .filter(|component| *component != Component::CurDir)
        .map(|component| component.as_os_str().to_str())
        .collect::<Option<_>>()?;
    let world = names.iter().rposition(|name| *name == WORLD)?;
    let namespace = match &names[world + 1..] {
        [host] => (*host).to_owned(),
        [host, name] => format!("{name}.{host}"),
        _ => return None,
    };
    is_host(&namespace).then_some(namespace)
}

/// Whether text is a host, with or without a port, as clients send it in `?ns=`.
pub(super) fn is_host(text: &str) -> bool {
    let of_host =
        |character: char| character.is_ascii_alphanumeric() || "-.:[]".contains(character);
    text.len() <= 255
        && text.chars().all(of_host)
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
}

#[cfg(test)]
mod tests;
