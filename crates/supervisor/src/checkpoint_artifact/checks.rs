//! What a checkpoint may be that comes from elsewhere.

use std::path::{Component, Path};

use lazaret_files::children;

use crate::machines::{DiskFiles, Spec, is_name as is_machine_name, saved};

/// Checks that a machine has all its disks in its own folder, under plain names.
///
/// # Errors
/// The fault in words.
pub(super) fn portable(machine: &Spec) -> Result<(), String> {
    let is_id = machine.id.len() == 64 && machine.id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let texts = [
        &machine.image,
        &machine.image_digest,
        &machine.launch.kernel,
    ];
    let is_plain = |text: &&String| !text.chars().any(char::is_control);
    if !is_id || !is_machine_name(&machine.name) || !texts.iter().all(is_plain) {
        return Err("the names of its machine are none".to_owned());
    }
    if let Some(volume) = machine.volumes.first() {
        return Err(format!("it has volume '{}'", volume.name));
    }
    // What is pulled never gets a folder of this host.
    if let Some(folder) = machine.launch.folders.first() {
        return Err(format!("it has host path '{}'", folder.source.display()));
    }
    if !machine.boot.folders.is_empty() {
        return Err("it has folders of its host".to_owned());
    }
    for disk in machine.disk_files() {
        let DiskFiles {
            serial,
            files,
            lasting,
        } = disk;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if serial.is_empty() || serial.len() > 20 || !serial.bytes().all(is_plain) {
            return Err(format!("'{serial}' is no serial of a disk"));
        }
        if lasting || !files.iter().all(|file| is_name(file)) {
            return Err(format!("disk '{serial}' is not in its folder"));
        }
    }
    Ok(())
}

/// Checks that there are all the files that it needs, and nothing but files.
///
/// # Errors
/// The fault in words.
pub(super) fn files(machine: &Spec, folder: &Path) -> Result<(), String> {
    for part in [saved::memory(folder), saved::disks(folder)] {
        for entry in children(&part).map_err(|error| error.to_string())? {
            let is_file = std::fs::symlink_metadata(&entry).is_ok_and(|data| data.is_file());
            if !is_file {
                let name = entry.file_name().unwrap_or_default().to_string_lossy();
                return Err(format!("'{}' is no file", name.escape_debug()));
            }
        }
    }
    for disk in machine.disk_files() {
        for file in disk.files {
            if !saved::disks(folder).join(file).exists() {
                return Err(format!("disk '{}' is missing", disk.serial));
            }
        }
    }
    Ok(())
}

/// Whether this is the name of a file in a folder, and not the way to another one.
fn is_name(path: &Path) -> bool {
    let mut parts = path.components();
    matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    )
}
