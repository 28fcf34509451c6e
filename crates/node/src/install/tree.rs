//! The files below a root folder.

use std::path::{Path, PathBuf};

use lazaret_files::{io, is_absent, read_regular_text};

use super::error::Error;
use super::origin::is_inside;

/// Largest file that is read, in bytes. Files of configuration have some kilobytes.
const LARGEST: u64 = 1 << 20;

/// A root folder. Paths in it are given as engines see them, and returned with the root folder.
#[derive(Debug)]
pub(super) struct Tree {
    /// Without symbolic links.
    root: PathBuf,
}

impl Tree {
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let root = root.canonicalize().map_err(io("find the folder", root))?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a file of the node, root folder included.
    pub(super) fn at(&self, path: &Path) -> Result<PathBuf, Error> {
        if !is_inside(path) {
            let path = path.to_owned();
            return Err(Error::Path { path });
        }
        let path = self.root.join(path.strip_prefix("/").unwrap_or(path));
        self.confine(&path)?;
        Ok(path)
    }

    /// Refuses a path, root folder included, whose folders lead out of the root folder. Links in the names of
    /// folders are followed when a node runs from `/`, where they lead nowhere else.
    pub(super) fn confine(&self, path: &Path) -> Result<(), Error> {
        let outside = || Error::Outside {
            path: path.to_owned(),
            root: self.root.clone(),
        };
        let rest = path.strip_prefix(&self.root).map_err(|_| outside())?;
        if !is_inside(&Path::new("/").join(rest)) {
            return Err(outside());
        }
        for folder in path.ancestors().skip(1) {
            match folder.symlink_metadata() {
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(io("look at", folder)(error).into()),
                Ok(_) => {
                    let real = folder.canonicalize().map_err(io("follow", folder))?;
                    let inside = real.starts_with(&self.root);
                    return if inside { Ok(()) } else { Err(outside()) };
                }
            }
        }
        Err(outside())
    }

    /// The text of a file that is to be replaced; none when it does not exist. A link is refused.
    pub(super) fn read(&self, path: &Path) -> Result<Option<String>, Error> {
        self.confine(path)?;
        let kind = match path.symlink_metadata() {
            Err(error) if is_absent(&error) => return Ok(None),
            found => found.map_err(io("look at", path))?.file_type(),
        };
        if !kind.is_file() {
            let path = path.to_owned();
            let kind = match (kind.is_dir(), kind.is_symlink()) {
                (true, _) => "a folder",
                (_, true) => "a symbolic link",
                _ => "a device, FIFO or socket",
            };
            return Err(Error::Irregular { path, kind });
        }
        let text = read_regular_text(path, LARGEST).map_err(io("read", path))?;
        Ok(Some(text))
    }

    /// The text of a file that is only looked at; none when it does not exist. A link inside the root folder is
    /// followed.
    pub(super) fn look(&self, path: &Path) -> Result<Option<String>, Error> {
        match path.canonicalize() {
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(io("find", path)(error).into()),
            Ok(real) if !real.starts_with(&self.root) => Err(Error::Outside {
                path: path.to_owned(),
                root: self.root.clone(),
            }),
            Ok(real) => Ok(Some(
                read_regular_text(&real, LARGEST).map_err(io("read", path))?,
            )),
        }
    }

    /// The names in a folder that are text, sorted; none when it does not exist.
    pub(super) fn names(&self, folder: &Path) -> Result<Vec<String>, Error> {
        let paths = lazaret_files::children(folder)?;
        let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
        let mut names: Vec<String> = paths.iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests;
