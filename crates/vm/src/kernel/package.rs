//! Unpacks kernels from Debian packages.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use super::{
    ar::Archive,
    compression,
    name::is_name,
    parts::{MAX_IMAGE_BYTES, Parts},
};
use crate::Error;

/// Largest unpacked package in bytes; a generic kernel unpacks to less than 600 MiB.
const MAX_PACKAGE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
const MAX_CONTROL_BYTES: u64 = 1024 * 1024;
const LISTS: [&str; 1] = ["modules.builtin"];

/// Finds the kernel in a package and unpacks all its modules below `scratch`, because it is known
/// only at the end which of them are needed.
pub(super) fn unpack(path: &Path, scratch: &Path) -> Result<Parts, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut control = String::new();
    let mut image = None;
    Archive::new(io::BufReader::new(file))
        .each(|member, content| {
            if member.name.starts_with("control.tar") {
                control = read_control(content)?;
            } else if member.name.starts_with("data.tar") {
                image = unpack_data(content, scratch)?;
            }
            Ok::<_, io::Error>(())
        })
        .map_err(Error::unpack("the package", path))?;
    let Some((release, image)) = image else {
        return Err(Error::MetaPackage {
            package: field(&control, "Package").unwrap_or_default().to_owned(),
            depends: field(&control, "Depends").and_then(kernel_package),
        });
    };
    Ok(Parts {
        origin: path.to_owned(),
        image,
        modules: Some(scratch.join(release)),
    })
}

/// The text of `./control`.
fn read_control(member: &mut dyn Read) -> io::Result<String> {
    let mut archive = tar::Archive::new(compression::reader(member)?.take(MAX_CONTROL_BYTES));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry
            .path()?
            .file_name()
            .is_some_and(|name| name == "control")
        {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            return Ok(text);
        }
    }
    Ok(String::new())
}

/// Unpacks modules to `<scratch>/<release>/`; returns the boot image and its release.
fn unpack_data(member: &mut dyn Read, scratch: &Path) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut archive = tar::Archive::new(compression::reader(member)?.take(MAX_PACKAGE_BYTES));
    let mut image = None;
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.into_owned();
        match place(&path) {
            Some(Place::Image { release }) if image.is_none() => {
                image = Some((
                    release,
                    compression::read_bounded(&mut entry, MAX_IMAGE_BYTES)?,
                ));
            }
            Some(Place::Module { release, file_name }) => {
                let folder = scratch.join(release);
                fs::create_dir_all(&folder)?;
                match File::create_new(folder.join(file_name)) {
                    Ok(mut file) => {
                        io::copy(&mut entry, &mut file)?;
                    }
                    // Module names are unique in a kernel; if there are two files, the first
                    // counts.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
            _ => {}
        }
    }
    Ok(image)
}

/// The role of a file in a package.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Image { release: String },
    Module { release: String, file_name: String },
}

fn place(path: &Path) -> Option<Place> {
    let path = path.strip_prefix(".").unwrap_or(path);
    let path = path.strip_prefix("usr").unwrap_or(path);
    let parts: Vec<&str> = path
        .iter()
        .map(|part| part.to_str())
        .collect::<Option<_>>()?;
    let (release, rest) = match parts.as_slice() {
        ["boot", file] => (file.strip_prefix("vmlinuz-")?, None),
        ["lib", "modules", release, "vmlinuz"] => (*release, None),
        ["lib", "modules", release, .., file] => (*release, Some(*file)),
        _ => return None,
    };
    if !is_name(release) {
        return None;
    }
    let release = release.to_owned();
    match rest {
        None => Some(Place::Image { release }),
        Some(file) if is_name(file) && (file.contains(".ko") || LISTS.contains(&file)) => {
            Some(Place::Module {
                release,
                file_name: file.to_owned(),
            })
        }
        Some(_) => None,
    }
}

fn field<'a>(control: &'a str, name: &str) -> Option<&'a str> {
    control
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// The kernel package in `Depends`, without its version.
fn kernel_package(depends: &str) -> Option<String> {
    depends
        .split([',', '|'])
        .filter_map(|dependency| dependency.split_whitespace().next())
        .find(|package| package.starts_with("linux-image-"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
