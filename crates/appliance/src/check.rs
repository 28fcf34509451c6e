//! Reads a guest image back, and says everything that it lacks.

#[cfg(test)]
mod tests;

use std::fs::File;

use lazaret_rootfs::{DiskReader, FileSystem, Limits, ObjectKind, Stat};

use crate::error::Error;
use crate::init::{AGENT, ARCHITECTURE, BUSYBOX, INIT, PROTECTION};

/// Largest init program and marker, in bytes.
const LARGEST_TEXT: u64 = 1 << 20;

/// What an image must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The architecture.
    pub architecture: &'a str,
    /// The protection mode.
    pub protection_mode: &'a str,
    /// Whether it must say both itself, as images of a protected lane do.
    pub marked: bool,
}

/// What was found in an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Number of its files, folders and links.
    pub entries: u64,
    /// Everything that is wrong with it; nothing for a sound image.
    pub faults: Vec<String>,
}

/// Reads the whole tree of an image, and looks for what every guest image has.
///
/// # Errors
/// [`Error::Disk`] for a file that is no disk, or a damaged one.
pub fn check(disk: File, expected: &Expected<'_>) -> Result<Checked, Error> {
    let reader = DiskReader::open(disk, Limits::default()).map_err(Error::disk)?;
    let mut checked = Checked::default();
    if reader.file_system() != FileSystem::Ext4 {
        checked.faults.push("it is no ext4".to_owned());
    }
    let walked = reader.walk(|_, _| {
        checked.entries += 1;
        Ok(())
    });
    walked.map_err(Error::disk)?;
    for path in [INIT, BUSYBOX, AGENT] {
        match reader.lookup(path).map_err(Error::disk)? {
            None => checked.faults.push(format!("{path} is missing")),
            Some(found) if !is_program(&found) => {
                checked
                    .faults
                    .push(format!("{path} is no file that can be executed"));
            }
            Some(_) => {}
        }
    }
    if let Some(script) = text(&reader, INIT)?
        && !script.contains(AGENT)
    {
        checked
            .faults
            .push(format!("{INIT} does not start {AGENT}"));
    }
    let markers = [
        (ARCHITECTURE, expected.architecture),
        (PROTECTION, expected.protection_mode),
    ];
    for (path, wanted) in markers {
        match text(&reader, path)? {
            Some(found) if found.trim() == wanted => {}
            Some(found) => checked.faults.push(format!(
                "{path} says '{}', not {wanted}",
                lazaret_values::Printable::excerpt(found.trim())
            )),
            None if expected.marked => checked.faults.push(format!("{path} is missing")),
            None => {}
        }
    }
    Ok(checked)
}

fn is_program(found: &Stat) -> bool {
    found.kind == ObjectKind::File && found.attributes.mode & 0o111 != 0 && found.size > 0
}

/// The text of a file; `None` for none, or one that is too long for a text.
fn text(reader: &DiskReader, path: &str) -> Result<Option<String>, Error> {
    let found = reader.lookup(path).map_err(Error::disk)?;
    let Some(found) =
        found.filter(|found| found.kind == ObjectKind::File && found.size <= LARGEST_TEXT)
    else {
        return Ok(None);
    };
    let length = usize::try_from(found.size).unwrap_or_default();
    let (mut content, mut filled) = (vec![0; length], 0);
    while filled < length {
        let read = reader.read(&found, filled as u64, &mut content[filled..]);
        match read.map_err(Error::disk)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(Some(String::from_utf8_lossy(&content).into_owned()))
}
