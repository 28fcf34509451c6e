//! The index of a tar: its names, with the objects that they stand for.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek as _};
use std::path::Path;

use tar::{Archive, EntryType};

/// Most entries of one tar: they are layers and documents, not files of an image.
const MOST_ENTRIES: usize = 10_000;
/// Largest extended header (names and attributes for the next entry), in bytes.
const LARGEST_EXTENSION: u64 = 1024 * 1024;
/// Most bytes of all extended headers of one tar.
const LARGEST_EXTENSIONS: u64 = 8 * 1024 * 1024;

/// The object that a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Content at an offset of the file; both numbers in bytes.
    File { offset: u64, length: u64 },
    /// A link to another name.
    Link(String),
}

/// Names with their objects. If a name occurs twice, the last one counts.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<String, Entry>);

impl Index {
    /// Reads the headers of a tar.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        check_headers(file)?;
        let mut index = Self::default();
        let mut archive = Archive::new(file);
        for entry in archive.entries_with_seek()? {
            let entry = entry?;
            if index.0.len() == MOST_ENTRIES {
                return Err(invalid(format!("it has more than {MOST_ENTRIES} entries")));
            }
            let name = clean(&String::from_utf8_lossy(&entry.path_bytes()));
            let header = entry.header();
            let found = match header.entry_type() {
                EntryType::Regular | EntryType::Continuous => {
                    let (offset, length) = (entry.raw_file_position(), entry.size());
                    if offset.checked_add(length).is_none_or(|end| end > size) {
                        return Err(invalid(format!("it ends within '{name}'")));
                    }
                    Entry::File { offset, length }
                }
                kind @ (EntryType::Symlink | EntryType::Link) => {
                    let target = entry.link_name_bytes().unwrap_or_default();
                    let target = String::from_utf8_lossy(&target);
                    Entry::Link(match kind {
                        EntryType::Link => clean(&target),
                        _ => resolve(&name, &target),
                    })
                }
                _ => continue,
            };
            index.0.insert(name, found);
        }
        Ok(index)
    }

    /// The object of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }
}

/// Refuses a tar that would take much memory: one with many entries, or large extended headers,
/// which are read whole. It reads only plain headers, and leaves the file at its start.
fn check_headers(mut file: &File) -> io::Result<()> {
    let mut archive = Archive::new(file);
    let (mut count, mut extensions) = (0, 0);
    for entry in archive.entries_with_seek()?.raw(true) {
        let entry = entry?;
        let is_extension = matches!(
            entry.header().entry_type(),
            EntryType::GNULongName
                | EntryType::GNULongLink
                | EntryType::XHeader
                | EntryType::XGlobalHeader
        );
        if is_extension && entry.size() > LARGEST_EXTENSION {
            let size = entry.size();
            return Err(invalid(format!("it has a header of {size} bytes")));
        }
        if is_extension {
            extensions += entry.size();
        }
        if extensions > LARGEST_EXTENSIONS {
            let most = LARGEST_EXTENSIONS;
            return Err(invalid(format!("it has headers of more than {most} bytes")));
        }
        count += 1;
        // An entry has at most two extended headers, and the archive a few of its own.
        if count > 3 * MOST_ENTRIES {
            return Err(invalid(format!("it has more than {MOST_ENTRIES} entries")));
        }
    }
    file.rewind()
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn clean(name: &str) -> String {
    name.trim_start_matches("./")
        .trim_end_matches('/')
        .to_owned()
}

/// The target of a symbolic link as a name in the tar; it is relative to the link's folder.
fn resolve(name: &str, target: &str) -> String {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let mut parts: Vec<String> = Vec::new();
    for part in folder.join(target).iter() {
        match part.to_str() {
            Some("..") => {
                parts.pop();
            }
            Some("." | "/") | None => {}
            Some(part) => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}
