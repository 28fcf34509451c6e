//! The store: a folder of kernels.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use lazaret_files::Durability::Synced;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    bootable::Kernel,
    folder,
    image::Image,
    name::is_name,
    record::{FILE, MODULES, Record, VMLINUX, VMLINUZ},
    source::Source,
};
use crate::Error;

const DEFAULT: &str = ".default";
const LOCK: &str = ".lock";
/// Prefix of the names of folders that are not published yet.
const STAGING_PREFIX: &str = ".staging-";

/// Kernels on disk. All methods block on files; imports take a second or more.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// The purpose of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intent {
    /// To become the default kernel, and to replace a kernel of the same name.
    Import,
    /// To be added beside the others.
    Add,
}

impl Store {
    /// The store in `folder`, which is made when the first kernel comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Imports a kernel under `name` (default: its release) and makes it the default. Importing the
    /// same content again changes nothing; other content replaces the kernel of that name.
    ///
    /// # Errors
    /// [`Error::ModulesMissing`] for a kernel that cannot drive a machine,
    /// [`Error::MetaPackage`], [`Error::HostKernelMissing`], and those of damaged files.
    pub fn import(&self, source: &Source, name: Option<&str>) -> Result<Kernel, Error> {
        self.take_in(source, name, Intent::Import)
    }

    /// Adds a kernel that was requested in passing: it becomes the default only in an
    /// empty store, and never replaces another one.
    ///
    /// # Errors
    /// As [`Store::import`], and [`Error::KernelExists`].
    pub fn add(&self, source: &Source, name: Option<&str>) -> Result<Kernel, Error> {
        self.take_in(source, name, Intent::Add)
    }

    fn take_in(
        &self,
        source: &Source,
        name: Option<&str>,
        intent: Intent,
    ) -> Result<Kernel, Error> {
        if let Some(name) = name {
            self.place(name)?;
        }
        let _lock = self.lock()?;
        self.clean()?;
        let staging = self.staging()?;
        let scratch = self.staging()?;
        let parts = source.parts(scratch.path())?;
        let image = Image::parse(&parts.image, parts.room).map_err(|reason| Error::Malformed {
            path: parts.origin.clone(),
            expected: "kernel image",
            reason: reason.to_owned(),
        })?;
        let (modules, builtin) = match &parts.modules {
            Some(path) => folder::choose(path, &image.release, parts.modules_room)?,
            None => Default::default(),
        };
        drop(scratch);
        let name = name.unwrap_or(&image.release).to_owned();
        let boots = if image.unpacked.is_some() {
            VMLINUX
        } else {
            VMLINUZ
        };
        let record = Record::new(image.release, boots, &parts.image, &modules);
        let place = self.place(&name)?;

        if !Record::read(&place).is_ok_and(|old| old.is_some_and(|old| old.digest == record.digest))
        {
            if intent == Intent::Add && place.exists() {
                return Err(Error::KernelExists { name });
            }
            let staged = staging.path();
            Synced.create_file(&staged.join(VMLINUZ), &parts.image)?;
            if let Some(vmlinux) = &image.unpacked {
                Synced.create_file(&staged.join(VMLINUX), vmlinux)?;
            }
            let folder = staged.join(MODULES);
            fs::create_dir(&folder).map_err(Error::io("create", &folder))?;
            for module in &modules {
                Synced.create_file(&folder.join(&module.file_name), &module.bytes)?;
            }
            if !builtin.is_empty() {
                Synced.create_file(&folder.join(folder::BUILTIN), builtin.as_bytes())?;
            }
            Synced.sync_dir(&folder)?;
            Synced.create_file(&staged.join(FILE), &record.encode())?;
            Synced.sync_dir(staged)?;
            publish(staged, &place)?;
            Synced.sync_dir(&self.folder)?;
        }
        if intent == Intent::Import || self.names()? == [name.clone()] {
            self.point_at(&name)?;
        }
        tracing::info!(name, digest = record.digest, "imported kernel");
        Ok(record.kernel(&name, &place))
    }

    /// All kernels, sorted by name.
    ///
    /// # Errors
    /// [`Error::Record`] for a damaged record, [`Error::Io`].
    pub fn ls(&self) -> Result<Vec<Kernel>, Error> {
        let mut kernels = Vec::new();
        for name in self.names()? {
            let place = self.folder.join(&name);
            kernels.extend(Record::read(&place)?.map(|record| record.kernel(&name, &place)));
        }
        Ok(kernels)
    }

    /// The kernel of this name.
    ///
    /// # Errors
    /// [`Error::KernelNotFound`], [`Error::KernelName`], [`Error::Record`].
    pub fn get(&self, name: &str) -> Result<Kernel, Error> {
        let place = self.place(name)?;
        match Record::read(&place)? {
            Some(record) => Ok(record.kernel(name, &place)),
            None => Err(self.not_found(name)),
        }
    }

    /// The default kernel: the one that was last imported or chosen; when that was removed, the
    /// last by name.
    ///
    /// # Errors
    /// [`Error::NoKernel`] in an empty store, [`Error::Record`].
    pub fn default_kernel(&self) -> Result<Kernel, Error> {
        let pointer = self.folder.join(DEFAULT);
        let chosen = match fs::read_to_string(&pointer) {
            Ok(name) => name.trim().to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::io("read", pointer)(error)),
        };
        let names = self.names()?;
        match names.iter().find(|name| **name == chosen).or(names.last()) {
            Some(name) => self.get(name),
            None => Err(Error::NoKernel),
        }
    }

    /// Makes the kernel of this name the default.
    ///
    /// # Errors
    /// Those of [`Store::get`], [`Error::Io`].
    pub fn set_default(&self, name: &str) -> Result<(), Error> {
        self.get(name)?;
        self.point_at(name)
    }

    /// Removes a kernel. Machines that run it are not affected.
    ///
    /// # Errors
    /// [`Error::KernelNotFound`], [`Error::KernelName`], [`Error::Io`].
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let _lock = self.lock()?;
        let place = self.place(name)?;
        let grave = self.staging()?;
        fs::rename(&place, grave.path().join("removed")).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                self.not_found(name)
            } else {
                Error::io("remove", &place)(error)
            }
        })?;
        Ok(Synced.sync_dir(&self.folder)?)
    }

    fn place(&self, name: &str) -> Result<PathBuf, Error> {
        if is_name(name) {
            Ok(self.folder.join(name))
        } else {
            Err(Error::KernelName {
                name: name.to_owned(),
            })
        }
    }

    fn not_found(&self, name: &str) -> Error {
        Error::KernelNotFound {
            name: name.to_owned(),
            known: self.names().unwrap_or_default(),
        }
    }

    fn point_at(&self, name: &str) -> Result<(), Error> {
        let pointer = self.folder.join(DEFAULT);
        Ok(lazaret_files::replace(
            &pointer,
            format!("{name}\n").as_bytes(),
            0o600,
        )?)
    }

    /// Names of the folders that hold a record, sorted.
    fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            entries => entries.map_err(Error::io("read", &self.folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(Error::io("read", &self.folder))?;
            if let Ok(name) = entry.file_name().into_string()
                && is_name(&name)
                && entry.path().join(FILE).exists()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Takes the lock for changes, which lasts until the file is dropped.
    fn lock(&self) -> Result<File, Error> {
        fs::create_dir_all(&self.folder).map_err(Error::io("create", &self.folder))?;
        let path = self.folder.join(LOCK);
        let file = File::options().create(true).append(true).open(&path);
        file.and_then(|file| file.lock().map(|()| file))
            .map_err(Error::io("lock", path))
    }

    fn staging(&self) -> Result<tempfile::TempDir, Error> {
        tempfile::Builder::new()
            .prefix(STAGING_PREFIX)
            .tempdir_in(&self.folder)
            .map_err(Error::io("create a folder in", &self.folder))
    }

    /// Removes the leftovers of killed imports. The caller holds the lock.
    fn clean(&self) -> Result<(), Error> {
        for entry in fs::read_dir(&self.folder).map_err(Error::io("read", &self.folder))? {
            let path = entry.map_err(Error::io("read", &self.folder))?.path();
            let stale = path.file_name().is_some_and(|name| {
                name.as_encoded_bytes()
                    .starts_with(STAGING_PREFIX.as_bytes())
            });
            if stale && path.is_dir() {
                fs::remove_dir_all(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }
}

/// Moves `staged` to `place` atomically; a previous folder there ends up at `staged`.
fn publish(staged: &Path, place: &Path) -> Result<(), Error> {
    let published = if place.exists() {
        renameat_with(CWD, staged, CWD, place, RenameFlags::EXCHANGE).map_err(io::Error::from)
    } else {
        fs::rename(staged, place)
    };
    published.map_err(Error::io("publish", place))
}
