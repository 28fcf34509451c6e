//! Selects modules from a folder of kernel modules.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    bootable::Purpose,
    compression,
    modinfo::ModuleInfo,
    modules::{Catalogue, Missing},
    name::is_name,
};
use crate::Error;

/// Most bytes of all modules that the guest needs, when they lie in a folder of this machine.
pub(super) const MAX_CHOSEN_BYTES: u64 = 256 * 1024 * 1024;
/// Most modules of a kernel; every distribution builds fewer.
pub(super) const MAX_MODULES: usize = 8_192;

/// A module that the guest needs.
pub struct Chosen {
    /// The purpose for which it is loaded.
    pub purpose: Purpose,
    /// Its file name without compression suffix.
    pub file_name: String,
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
}

/// The modules below a folder (`lib/modules/RELEASE`) that a guest needs, each after its dependencies.
///
/// # Errors
/// [`Error::ModulesMissing`], [`Error::Malformed`], [`Error::Unpack`] and [`Error::Io`].
pub fn choose_modules(folder: &Path) -> Result<Vec<Chosen>, Error> {
    let release = folder.file_name().unwrap_or_default().to_string_lossy();
    choose(folder, &release, MAX_CHOSEN_BYTES).map(|(chosen, _)| chosen)
}

/// The file in a folder of modules that lists the built-in ones.
pub(super) const BUILTIN: &str = "modules.builtin";

/// The modules below `folder` that the guest needs, of at most `room` bytes together, in load order, and the content of [`BUILTIN`].
///
/// `modules.dep` is not used: packages come without one.
pub(super) fn choose(
    folder: &Path,
    release: &str,
    mut room: u64,
) -> Result<(Vec<Chosen>, String), Error> {
    let files = list(folder)?;
    let builtin_list = folder.join(BUILTIN);
    let builtin = match fs::read_to_string(&builtin_list) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", builtin_list)(error)),
    };
    let catalogue = Catalogue::new(&builtin, files.keys().cloned());
    let mut bytes = BTreeMap::new();
    let order = catalogue
        .load_order(|file| {
            let path = &files[file];
            let module = read(path, room)?;
            room -= module.len() as u64;
            let info = ModuleInfo::of_module(&module).map_err(|reason| Error::Malformed {
                path: path.clone(),
                expected: "kernel module",
                reason: reason.to_owned(),
            })?;
            bytes.insert(file.to_owned(), module);
            Ok(info)
        })
        .map_err(|missing| match missing {
            Missing::Modules(missing) => Error::ModulesMissing {
                release: release.to_owned(),
                missing,
            },
            Missing::Read(error) => error,
        })?;
    let chosen = order
        .into_iter()
        .filter_map(|(purpose, file)| {
            let bytes = bytes.remove(&file)?;
            let stem = file
                .split_once(".ko")
                .map_or(file.as_str(), |(stem, _)| stem);
            Some(Chosen {
                purpose,
                file_name: format!("{stem}.ko"),
                bytes,
            })
        })
        .collect();
    Ok((chosen, builtin))
}

fn read(path: &Path, room: u64) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    compression::read_bounded(file, room).map_err(Error::unpack("the module", path))
}

/// All module files by name; if two have one name, the first in path order. Symbolic links
/// (`build`, `source`) are not followed.
fn list(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
            let entry = entry.map_err(Error::io("read", &folder))?;
            let kind = entry.file_type().map_err(Error::io("read", entry.path()))?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() && name.contains(".ko") && is_name(&name) {
                let path = entry.path();
                let first = files.entry(name).or_insert_with(|| path.clone());
                if path < *first {
                    *first = path;
                }
            }
        }
        if files.len() > MAX_MODULES {
            return Err(Error::Malformed {
                path: folder,
                expected: "folder of kernel modules",
                reason: format!("it holds more than {MAX_MODULES} modules"),
            });
        }
    }
    Ok(files)
}
