//! What the machine's guest has put into an overlay by itself: mount points and a few files.

use std::collections::HashSet;

use crate::error::Error;
use crate::reader::{DiskReader, ObjectKind, Stat};

/// Most symbolic links on the way to one path, as for Linux.
const LINKS_MAX: usize = 40;
/// Longest path in bytes, as for Linux.
const PATH_MAX: usize = 4096;

/// Paths that the guest makes, which are no change of the machine's user.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// Files that the guest writes at each start.
    files: HashSet<Vec<u8>>,
    /// Mount points, made where they are missing.
    points: HashSet<Vec<u8>>,
    /// All folders above both, which may have been made for them.
    parents: HashSet<Vec<u8>>,
}

impl Made {
    /// What a guest makes in an image for these files and mount points. Links of the image are
    /// followed, as the guest follows them.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::LimitExceeded`], [`Error::Read`] of the image's disk.
    pub fn new<'a>(
        image: &DiskReader,
        files: impl IntoIterator<Item = &'a str>,
        points: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        let mut made = Self::default();
        for file in files {
            let place = place(image, file)?;
            made.note_parents(&place);
            made.files.insert(place);
        }
        for point in points {
            let place = place(image, point)?;
            made.note_parents(&place);
            made.points.insert(place);
        }
        Ok(made)
    }

    fn note_parents(&mut self, path: &[u8]) {
        self.parents.insert(Vec::new());
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            self.parents.insert(path[..at].to_vec());
        }
    }

    /// Whether this object, which the image does not have or has in another form, is one that the
    /// guest made. A folder may hold something else.
    pub(super) fn is_made(&self, path: &[u8], stat: &Stat) -> bool {
        let is_plain = stat.attributes.uid == 0 && stat.attributes.gid == 0;
        match stat.kind {
            ObjectKind::File if self.files.contains(path) => true,
            ObjectKind::File => {
                self.points.contains(path)
                    && is_plain
                    && stat.size == 0
                    && stat.attributes.mode == 0o644
            }
            ObjectKind::Directory => {
                (self.points.contains(path) || self.parents.contains(path))
                    && is_plain
                    && stat.attributes.mode == 0o755
            }
            _ => false,
        }
    }

    /// Whether the time of a folder may be that of something which the guest made in it.
    pub(super) fn touches(&self, path: &[u8]) -> bool {
        self.parents.contains(path)
    }
}

/// The place to which a path leads in the image: what is missing there is below the last folder that
/// is not.
fn place(image: &DiskReader, path: &str) -> Result<Vec<u8>, Error> {
    let mut place: Vec<Vec<u8>> = Vec::new();
    let mut rest: Vec<Vec<u8>> = Vec::new();
    push(&mut rest, path.as_bytes());
    let mut links = 0;
    while let Some(name) = rest.pop() {
        if name == b".." {
            place.pop();
            continue;
        }
        place.push(name);
        let here = place.join(&b'/');
        match image.lookup(&here)? {
            Some(stat) if stat.kind == ObjectKind::Symlink && links < LINKS_MAX => {
                links += 1;
                let target = image.read_link(&stat)?;
                place.pop();
                if target.starts_with(b"/") {
                    place.clear();
                }
                push(&mut rest, &target);
            }
            _ => {}
        }
        if here.len() > PATH_MAX {
            break;
        }
    }
    Ok(place.join(&b'/'))
}

/// Adds the components of a path, the first one last.
fn push(rest: &mut Vec<Vec<u8>>, path: &[u8]) {
    let names = path
        .rsplit(|byte| *byte == b'/')
        .filter(|name| !name.is_empty() && *name != b".");
    rest.extend(names.map(<[u8]>::to_vec));
}
