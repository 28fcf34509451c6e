//! The files that are shown to QEMU, before it has any disk: its program, what the loader loads, its
//! firmware and two devices. They are the same for every machine.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::elf;

/// Folders with libraries, modules and firmware on the systems that are known. What does not exist is left
/// out.
const FOLDERS: [&str; 9] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/qemu",
    "/usr/share/seabios",
    "/usr/share/qemu-kvm",
    "/usr/share/sgabios",
];
/// Whole stores of systems that have no such folders: every program names its libraries by path.
const STORES: [&str; 2] = ["/nix/store", "/gnu/store"];
/// The index of libraries.
const LOADER_INDEX: &str = "/etc/ld.so.cache";
/// The only folder of `/proc`: QEMU's own descriptors, by which it opens memory and kernel.
const DESCRIPTORS: &str = "/proc/self/fd";

/// How an entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A folder with everything in it.
    Folder,
    /// One file.
    File,
    /// A file that may be executed.
    Program,
    /// A device.
    Device,
    /// The folder of the process's own descriptors.
    Descriptors,
}

/// Something that is shown at its own path.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// The path on the host.
    pub(super) path: CString,
    /// The path within the new root; `None` for what lies in a folder that is shown.
    pub(super) place: Option<CString>,
}

/// What is shown. All paths within it are relative to the new root.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) entries: Vec<Entry>,
    /// Folders that are made for them, parents first.
    pub(super) folders: Vec<CString>,
    /// Files that are made for files to be mounted on.
    pub(super) files: Vec<CString>,
    /// Links, with what they contain.
    pub(super) links: Vec<(CString, CString)>,
}

impl View {
    /// What the program at `program`, an absolute path without links, needs. `None` for a script: nobody
    /// knows what it starts.
    pub(super) fn of(program: &Path, devices: &[&str]) -> io::Result<Option<Self>> {
        let Some(interpreter) = elf::interpreter(program)? else {
            return Ok(None);
        };
        let mut view = Self::default();
        let prefix = program.parent().and_then(Path::parent);
        let prefix =
            prefix.filter(|prefix| !["/", "/usr"].contains(&prefix.to_str().unwrap_or("")));
        let mut folders: Vec<PathBuf> = FOLDERS.map(PathBuf::from).to_vec();
        match STORES.iter().find(|store| program.starts_with(store)) {
            Some(store) => folders.push(PathBuf::from(store)),
            None => folders.extend(
                prefix
                    .into_iter()
                    .flat_map(|prefix| ["lib", "lib64", "share"].map(|name| prefix.join(name))),
            ),
        }
        for folder in folders {
            let Ok(metadata) = folder.symlink_metadata() else {
                continue;
            };
            if metadata.is_symlink() {
                let content = std::fs::read_link(&folder)?;
                view.make_parents(&folder)?;
                view.links.push((relative(&folder)?, bytes(&content)?));
            } else if metadata.is_dir() && !view.shows(&folder) {
                view.add(Kind::Folder, &folder)?;
            }
        }
        if Path::new(LOADER_INDEX).exists() {
            view.add(Kind::File, Path::new(LOADER_INDEX))?;
        }
        view.add(Kind::Program, program)?;
        // Its path may lead over links, which are shown as they are.
        if let Some(path) = interpreter {
            let path = std::fs::canonicalize(path)?;
            view.add(Kind::Program, &path)?;
        }
        for device in devices {
            view.add(Kind::Device, Path::new(device))?;
        }
        view.add(Kind::Descriptors, Path::new(DESCRIPTORS))?;
        Ok(Some(view))
    }

    /// Whether a folder that is shown has this path within it.
    fn shows(&self, path: &Path) -> bool {
        let folders = self
            .entries
            .iter()
            .filter(|entry| entry.kind == Kind::Folder);
        folders.into_iter().any(|entry| {
            let folder = std::ffi::OsStr::from_bytes(entry.path.as_bytes());
            path.starts_with(folder)
        })
    }

    fn add(&mut self, kind: Kind, path: &Path) -> io::Result<()> {
        let mut place = None;
        if !self.shows(path) {
            self.make_parents(path)?;
            let made = relative(path)?;
            match kind {
                Kind::Folder | Kind::Descriptors => self.folders.push(made.clone()),
                Kind::File | Kind::Program | Kind::Device => self.files.push(made.clone()),
            }
            place = Some(made);
        }
        let path = bytes(path)?;
        self.entries.push(Entry { kind, path, place });
        Ok(())
    }

    fn make_parents(&mut self, path: &Path) -> io::Result<()> {
        let parents: Vec<&Path> = path.ancestors().skip(1).collect();
        for parent in parents
            .into_iter()
            .rev()
            .filter(|parent| *parent != Path::new("/"))
        {
            let name = relative(parent)?;
            if !self.folders.contains(&name) {
                self.folders.push(name);
            }
        }
        Ok(())
    }
}

/// A path relative to the root.
fn relative(path: &Path) -> io::Result<CString> {
    let is_plain = |part: &Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    if !path.is_absolute() || !path.components().all(|part| is_plain(&part)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    bytes(path.strip_prefix("/").unwrap_or(path))
}

fn bytes(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}
