//! Finds the libraries of a program as its dynamic loader would, without running either.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Component, Path, PathBuf};

use lazaret_files::read_regular;

use crate::elf::{Elf, ElfFault};
use crate::error::Error;

/// Largest program or library, in bytes.
pub(crate) const LARGEST: u64 = 256 << 20;
/// Most libraries of a program.
const MOST: usize = 200;
/// Stands for the folder of the program itself.
const ORIGIN: [&str; 2] = ["$ORIGIN", "${ORIGIN}"];

/// Where libraries are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The architecture that they must be for.
    pub architecture: String,
    /// The folders of the host that have the system's libraries, in order.
    pub folders: Vec<PathBuf>,
    /// The folder of the image that the program will be in.
    pub place: PathBuf,
}

/// A file that a program needs to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// The file on the host.
    pub source: PathBuf,
    /// The absolute path in the image, where the loader finds it.
    pub target: PathBuf,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A file whose needs are to be met.
struct Need {
    path: PathBuf,
    /// Its folder in the image.
    folder: PathBuf,
    elf: Elf,
}

impl Search {
    /// The folders in which the loaders of Debian, Fedora, Alpine and others look.
    #[must_use]
    pub fn standard(architecture: &str) -> Self {
        let multiarch = format!("{architecture}-linux-gnu");
        let folders = [
            format!("/lib/{multiarch}"),
            format!("/usr/lib/{multiarch}"),
            "/lib64".to_owned(),
            "/usr/lib64".to_owned(),
            "/lib".to_owned(),
            "/usr/lib".to_owned(),
        ];
        Self {
            architecture: architecture.to_owned(),
            folders: folders.map(PathBuf::from).to_vec(),
            place: "/bin".into(),
        }
    }
}

/// Reads a program, which must be for this architecture.
pub(crate) fn read_program(path: &Path, architecture: &str) -> Result<(Elf, Vec<u8>), Error> {
    let content = read(path)?;
    let elf = for_machine(path, &content, architecture)?;
    Ok((elf, content))
}

/// Everything that a program needs to be loaded: its loader, its libraries, and theirs. Sorted by
/// their place in the image. A library that needs itself, or one that needs it, is taken once.
///
/// # Errors
/// [`Error::NoLibrary`], [`Error::ManyLibraries`], [`Error::Program`] for a loader or library that is
/// none, [`Error::Read`].
pub fn libraries(program: &Path, elf: &Elf, search: &Search) -> Result<Vec<Library>, Error> {
    let mut found: BTreeMap<PathBuf, Library> = BTreeMap::new();
    let mut names = BTreeSet::new();
    if let Some(loader) = &elf.interpreter {
        let path = PathBuf::from(loader);
        let target = normal(&path).ok_or_else(|| Error::Program {
            path: program.to_owned(),
            architecture: search.architecture.clone(),
            source: ElfFault::Damaged("loader's name"),
        })?;
        let (_, content) = read_program(&path, &search.architecture)?;
        // The loader is a library by its own name as well.
        names.extend(
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned()),
        );
        let library = Library {
            source: path,
            target: target.clone(),
            content,
        };
        found.insert(target, library);
    }
    let mut pending = VecDeque::from([Need {
        path: program.to_owned(),
        folder: search.place.clone(),
        elf: elf.clone(),
    }]);
    while let Some(need) = pending.pop_front() {
        for name in &need.elf.needed {
            if !names.insert(name.clone()) {
                continue;
            }
            if found.len() == MOST {
                return Err(Error::ManyLibraries {
                    path: program.to_owned(),
                    limit: MOST,
                });
            }
            let (library, elf) = find(name, &need, search)?;
            let folder = library.target.parent().unwrap_or(Path::new("/")).to_owned();
            pending.push_back(Need {
                path: library.source.clone(),
                folder,
                elf,
            });
            found.insert(library.target.clone(), library);
        }
    }
    Ok(found.into_values().collect())
}

/// Looks for one library: in the folders that its user names, then in the system's.
fn find(name: &str, need: &Need, search: &Search) -> Result<(Library, Elf), Error> {
    let refused = |searched: String| Error::NoLibrary {
        path: need.path.clone(),
        library: lazaret_values::Printable::excerpt(name),
        searched,
    };
    if name.contains('/') || name == "." || name == ".." {
        return Err(refused("any folder: it is no file name".to_owned()));
    }
    let own = need.path.parent().unwrap_or(Path::new("/"));
    let named = need.elf.search.iter().filter_map(|folder| {
        let origin = ORIGIN.iter().find_map(|word| folder.strip_prefix(word));
        match origin {
            Some(rest) => {
                let rest = rest.trim_start_matches('/');
                Some((own.join(rest), normal(&need.folder.join(rest))?))
            }
            None => Some((folder.into(), normal(Path::new(folder))?)),
        }
    });
    let standard = search.folders.iter();
    let standard = standard.filter_map(|folder| Some((folder.clone(), normal(folder)?)));
    let mut searched = Vec::new();
    for (host, image) in named.chain(standard) {
        let source = host.join(name);
        match read_regular(&source, LARGEST) {
            // The loader passes over what is not for its machine.
            Ok(content) => {
                if let Ok(elf) = for_machine(&source, &content, &search.architecture) {
                    let target = image.join(name);
                    return Ok((
                        Library {
                            source,
                            target,
                            content,
                        },
                        elf,
                    ));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(source_error) => {
                return Err(Error::Read {
                    path: source,
                    source: source_error,
                });
            }
        }
        searched.push(host.display().to_string());
    }
    Err(refused(searched.join(", ")))
}

fn for_machine(path: &Path, content: &[u8], architecture: &str) -> Result<Elf, Error> {
    let fault = |source| Error::Program {
        path: path.to_owned(),
        architecture: architecture.to_owned(),
        source,
    };
    let elf = Elf::parse(content).map_err(fault)?;
    if elf.machine != architecture {
        return Err(fault(ElfFault::OtherMachine(elf.machine)));
    }
    Ok(elf)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_regular(path, LARGEST).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

/// An absolute path without `.` and `..`; `None` for one that is not absolute.
pub(crate) fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::from("/");
    if !path.is_absolute() {
        return None;
    }
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => {
                normal.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Some(normal)
}
