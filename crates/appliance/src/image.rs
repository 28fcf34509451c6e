//! The plan of a guest image, and the disk that is made of it.

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_rootfs::{Attributes, DiskBuilder, FileSystem, Options, Summary};

use crate::applets::applets;
use crate::error::Error;
use crate::init::{AGENT, ARCHITECTURE, BUSYBOX, INIT, NEEDED_APPLETS, PROTECTION, SCRIPT};
use crate::libraries::{LARGEST, Search, libraries, normal, read_program};

/// The label of guest images.
pub const LABEL: &str = "port-demo-rootfs";
/// Size of a guest image for which nothing else is said, in bytes.
pub const SIZE: u64 = 256 << 20;
/// The folders of every image, with their permissions.
const FOLDERS: [(&str, u16); 17] = [
    ("/bin", 0o755),
    ("/dev", 0o755),
    ("/etc", 0o755),
    ("/home", 0o755),
    ("/lib", 0o755),
    ("/mnt", 0o755),
    ("/proc", 0o755),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/sbin", 0o755),
    ("/sys", 0o755),
    ("/tmp", 0o1777),
    ("/usr", 0o755),
    ("/usr/bin", 0o755),
    ("/usr/sbin", 0o755),
    ("/var", 0o755),
    ("/var/log", 0o755),
];

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
";
const GROUP: &str = "\
root:x:0:
tty:x:5:
nogroup:x:65534:
";

/// What a guest image is made of.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The architecture: `x86_64` or `aarch64`.
    pub architecture: String,
    /// The protection mode: `standard` or `pvm`.
    pub protection_mode: String,
    /// The busybox of the host.
    pub busybox: PathBuf,
    /// The agent: a static program.
    pub agent: Vec<u8>,
    /// Further files.
    pub files: Vec<ExtraFile>,
    /// Size of the disk in bytes; [`SIZE`] when nothing else is said.
    pub size: Option<u64>,
    /// Time of everything on it, in seconds since 1970.
    pub epoch: u32,
}

/// A further file of a guest image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraFile {
    /// The file on the host.
    pub source: PathBuf,
    /// The absolute path in the image.
    pub target: String,
    /// Its permissions.
    pub mode: u16,
}

/// Everything that a guest image will hold.
#[derive(Debug, Clone)]
pub struct GuestImage {
    files: BTreeMap<String, (u16, Vec<u8>)>,
    links: BTreeMap<String, String>,
    size: u64,
    epoch: u32,
}

impl GuestImage {
    /// Decides on every file of an image.
    ///
    /// # Errors
    /// [`Error::Program`] and [`Error::Busybox`] for a busybox that is none; those of its libraries;
    /// [`Error::Place`] and [`Error::Read`] for further files.
    pub fn plan(inputs: &Inputs, search: &Search) -> Result<Self, Error> {
        let (elf, busybox) = read_program(&inputs.busybox, &inputs.architecture)?;
        let unusable = |reason: String| Error::Busybox {
            path: inputs.busybox.clone(),
            reason,
        };
        let names = applets(&busybox).ok_or_else(|| unusable("it names no applets".to_owned()))?;
        let lacks = |name: &&&str| !names.iter().any(|known| known == *name);
        if let Some(name) = NEEDED_APPLETS.iter().find(lacks) {
            return Err(unusable(format!("it has no applet '{name}'")));
        }
        let mut image = Self {
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            size: inputs.size.unwrap_or(SIZE),
            epoch: inputs.epoch,
        };
        for library in libraries(&inputs.busybox, &elf, search)? {
            let target = library.target.to_string_lossy().into_owned();
            image.files.insert(target, (0o755, library.content));
        }
        let text = |text: &str| text.as_bytes().to_vec();
        let own = [
            (BUSYBOX, 0o755, busybox),
            (AGENT, 0o755, inputs.agent.clone()),
            (INIT, 0o755, text(SCRIPT)),
            ("/etc/passwd", 0o644, text(PASSWD)),
            ("/etc/group", 0o644, text(GROUP)),
            (
                ARCHITECTURE,
                0o644,
                text(&format!("{}\n", inputs.architecture)),
            ),
            (
                PROTECTION,
                0o644,
                text(&format!("{}\n", inputs.protection_mode)),
            ),
        ];
        for (path, mode, content) in own {
            image.files.insert(path.to_owned(), (mode, content));
        }
        for name in names.iter().filter(|name| *name != "busybox") {
            image
                .links
                .insert(format!("/bin/{name}"), "busybox".to_owned());
        }
        let resolver = "/etc/resolv.conf";
        image
            .links
            .insert(resolver.to_owned(), "../run/resolv.conf".to_owned());
        for file in &inputs.files {
            image.add(file)?;
        }
        Ok(image)
    }

    /// Adds a further file; one of the image's own is never replaced.
    fn add(&mut self, file: &ExtraFile) -> Result<(), Error> {
        let refused = |reason| Error::Place {
            target: lazaret_values::Printable::excerpt(&file.target),
            reason,
        };
        let is_plain = normal(Path::new(&file.target))
            .is_some_and(|path| path.to_string_lossy() == file.target && file.target != "/");
        if !is_plain {
            return Err(refused("it is no absolute path without '.' and '..'"));
        }
        let is_folder = FOLDERS.iter().any(|(folder, _)| *folder == file.target);
        if is_folder
            || self.files.contains_key(&file.target)
            || self.links.contains_key(&file.target)
        {
            return Err(refused("the image has something there"));
        }
        let content = lazaret_files::read_regular(&file.source, LARGEST);
        let content = content.map_err(|source| Error::Read {
            path: file.source.clone(),
            source,
        })?;
        self.files
            .insert(file.target.clone(), (file.mode & 0o7777, content));
        Ok(())
    }

    /// Writes the disk into a file, whose content is lost.
    ///
    /// # Errors
    /// [`Error::Disk`], also when the size does not hold the content.
    pub fn write(&self, output: File) -> Result<Summary, Error> {
        let options = Options {
            file_system: FileSystem::Ext4,
            size: Some(self.size),
            label: LABEL.to_owned(),
            epoch: self.epoch,
            ..Options::default()
        };
        let mut disk = DiskBuilder::create(output, options).map_err(Error::disk)?;
        let attributes = |mode| {
            let mut attributes = Attributes::new(mode);
            attributes.mtime.seconds = self.epoch.into();
            attributes
        };
        for (path, mode) in FOLDERS {
            let added = disk.add_directory(path, attributes(mode));
            added.map_err(Error::disk)?;
        }
        for (path, (mode, content)) in &self.files {
            let added = disk.add_file(path, attributes(*mode), &content[..]);
            added.map_err(Error::disk)?;
        }
        for (path, target) in &self.links {
            disk.add_symlink(path, target).map_err(Error::disk)?;
        }
        disk.finish().map_err(Error::disk)
    }
}
