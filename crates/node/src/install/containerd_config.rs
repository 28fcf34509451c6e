//! `config_path` in containerd's `config.toml`: the folder in which the CRI plugin finds `hosts.toml` files.

use std::path::{Path, PathBuf};

use lazaret_values::Printable;
use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::error::Error;
use super::origin::is_inside;
use super::toml_text::{find, parse, set, shape, table};

/// Where packages of containerd have the folder.
const FOLDER: &str = "/etc/containerd/certs.d";
/// Version 2 is read by every containerd since 1.3: those of 2.x turn it into their own when they start,
/// while one of 1.x refuses versions 3 and 4.
const FRESH: i64 = 2;

/// What becomes of the file.
#[derive(Debug)]
pub(super) struct Config {
    /// The text of the file; none when it stays.
    pub(super) text: Option<String>,
    /// The folder of `hosts.toml` files, as containerd sees it.
    pub(super) folder: PathBuf,
    pub(super) notices: Vec<String>,
}

/// Sees to it that the file names one folder: `wanted`, or the one that it names already. `path` is for
/// messages.
pub(super) fn config(
    path: &Path,
    before: Option<&str>,
    wanted: Option<&Path>,
) -> Result<Config, Error> {
    let mut document = parse(path, before.unwrap_or_default())?;
    let mut notices = Vec::new();
    let registry = Registry::of(path, &mut document)?;
    let given = registry.config_path(path, &document)?;
    let given = given.as_deref();
    let folder = match (wanted, folders(path, given)?.as_slice()) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, []) => FOLDER.into(),
        (None, [first, ..]) => first.clone(),
    };
    let text = folder.to_str().ok_or_else(|| Error::Path {
        path: folder.clone(),
    })?;
    if is_disabled(&document) {
        let path = path.display();
        notices.push(format!(
            "'{path}' disables the CRI plugin, so it stays as it is"
        ));
        return Ok(Config {
            text: None,
            folder,
            notices,
        });
    }
    if document.contains_key("imports") {
        let path = path.display();
        notices.push(format!(
            "'{path}' imports other files, which were not looked at"
        ));
    }
    registry.check(path, &document)?;
    if given == Some(text) {
        return Ok(Config {
            text: None,
            folder,
            notices,
        });
    }
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        notices.push(format!(
            "containerd looked for hosts.toml files in '{}', and will in '{}' alone",
            Printable::excerpt(given),
            folder.display()
        ));
    }
    set(
        table(&mut document, &registry.keys(), path)?,
        "config_path",
        text,
    );
    let text = Some(document.to_string());
    Ok(Config {
        text,
        folder,
        notices,
    })
}

/// The section of registries, whose place depends on the version of the file.
#[derive(Debug, Clone, Copy)]
struct Registry {
    plugin: &'static str,
}

impl Registry {
    /// Finds the section; a file without content gets a version.
    fn of(path: &Path, document: &mut DocumentMut) -> Result<Self, Error> {
        if document.is_empty() {
            set(document.as_table_mut(), "version", FRESH);
        }
        let version = match document.get("version") {
            // Documented in containerd's manual: a file without a version has version 1.
            None => 1,
            Some(item) => {
                let version = item.as_integer();
                version.ok_or_else(|| shape(path, &["version"], "number"))?
            }
        };
        let plugin = match version {
            1 => "cri",
            2 => "io.containerd.grpc.v1.cri",
            3 | 4 => "io.containerd.cri.v1.images",
            _ => {
                let path = path.to_owned();
                return Err(Error::Version { path, version });
            }
        };
        Ok(Self { plugin })
    }

    fn keys(self) -> [&'static str; 3] {
        ["plugins", self.plugin, "registry"]
    }

    fn config_path(self, path: &Path, document: &DocumentMut) -> Result<Option<String>, Error> {
        let [plugins, plugin, registry] = self.keys();
        let keys = [plugins, plugin, registry, "config_path"];
        let Some(item) = find(document, &keys) else {
            return Ok(None);
        };
        let text = item.as_str().map(str::to_owned);
        text.map(Some).ok_or_else(|| shape(path, &keys, "string"))
    }

    /// Refuses what keeps the CRI plugin from loading when there is a `config_path`
    /// (`pkg/cri/config`, `ValidatePluginConfig`).
    fn check(self, path: &Path, document: &DocumentMut) -> Result<(), Error> {
        let refused = |key: &str| Error::Conflict {
            path: path.to_owned(),
            key: format!("{}.{key}", self.keys().join(".")),
            reason: "with it, containerd does not load its CRI plugin once config_path is set: move it to hosts.toml files",
        };
        let registry = find(document, &self.keys());
        let below = |key| registry?.get(key)?.as_table_like();
        if below("mirrors").is_some_and(|mirrors| !mirrors.is_empty()) {
            return Err(refused("mirrors"));
        }
        let has_tls =
            |configs: &dyn TableLike| configs.iter().any(|(_, at)| at.get("tls").is_some());
        if below("configs").is_some_and(has_tls) {
            return Err(refused("configs.*.tls"));
        }
        Ok(())
    }
}

/// The folders of a `config_path`. Of several (`A:B`), as containerd 2.2 has by default, it uses none for
/// mirrors, so the file will name one.
fn folders(path: &Path, given: Option<&str>) -> Result<Vec<PathBuf>, Error> {
    let parts = given.into_iter().flat_map(|given| given.split(':'));
    let folders: Vec<PathBuf> = parts
        .filter(|part| !part.is_empty())
        .map(Into::into)
        .collect();
    match folders.iter().all(|folder| is_inside(folder)) {
        true => Ok(folders),
        false => Err(shape(path, &["config_path"], "absolute path")),
    }
}

fn is_disabled(document: &DocumentMut) -> bool {
    let disabled = document.get("disabled_plugins").and_then(Item::as_array);
    let mut names = disabled.into_iter().flatten().filter_map(Value::as_str);
    names.any(|name| {
        matches!(
            name,
            "cri" | "io.containerd.grpc.v1.cri" | "io.containerd.cri.v1.images"
        )
    })
}

#[cfg(test)]
mod tests;
