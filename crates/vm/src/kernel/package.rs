//! Unpacks kernels from Debian packages.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use lazaret_files::{Bounded, unpacked_limit};

use super::{
    ar::Archive,
    compression,
    folder::MAX_MODULES,
    name::is_name,
    package_tar::{Next, each_file},
    parts::{Parts, memory},
};
use crate::Error;

const MAX_CONTROL_BYTES: u64 = 1024 * 1024;
const LISTS: [&str; 1] = ["modules.builtin"];

/// Finds the kernel in a package and unpacks all its modules below `scratch`, because it is known
/// only at the end which of them are needed.
pub(super) fn unpack(path: &Path, scratch: &Path) -> Result<Parts, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let size = file.metadata().map_err(Error::io("inspect", path))?.len();
    let limit = unpacked_limit(size);
    let memory = memory(size);
    let mut control = None;
    let mut image = None;
    Archive::new(io::BufReader::new(file))
        .each(|member, content| {
            // A package has one of each; of a second one, nothing is read.
            if member.name.starts_with("control.tar") && control.is_none() {
                control = Some(read_control(content)?);
            } else if member.name.starts_with("data.tar") && image.is_none() {
                image = Some(unpack_data(content, limit, memory, scratch)?);
            }
            Ok::<_, io::Error>(())
        })
        .map_err(Error::unpack("the package", path))?;
    let control = control.unwrap_or_default();
    let Some((release, image)) = image.flatten() else {
        return Err(Error::MetaPackage {
            package: field(&control, "Package").unwrap_or_default().to_owned(),
            depends: field(&control, "Depends").and_then(kernel_package),
        });
    };
    Ok(Parts {
        origin: path.to_owned(),
        room: memory - image.len() as u64,
        modules_room: memory - image.len() as u64,
        image,
        modules: Some(scratch.join(release)),
    })
}

/// The text of `./control`.
fn read_control(member: &mut dyn Read) -> io::Result<String> {
    let mut text = String::new();
    let archive = compression::reader(member)?.take(MAX_CONTROL_BYTES);
    each_file(archive, |path, content| {
        if path.file_name().is_none_or(|name| name != "control") {
            return Ok(Next::Go);
        }
        content.read_to_string(&mut text)?;
        Ok(Next::Stop)
    })?;
    Ok(text)
}

/// Unpacks modules to `<scratch>/<release>/`; returns the boot image and its release. The whole
/// archive may have `limit` bytes, the image `memory` bytes.
fn unpack_data(
    member: &mut dyn Read,
    limit: u64,
    memory: u64,
    scratch: &Path,
) -> io::Result<Option<(String, Vec<u8>)>> {
    let archive = Bounded::new(compression::reader(member)?, limit);
    let mut image = None;
    let mut modules = 0;
    each_file(archive, |path, mut content| {
        match place(path) {
            Some(Place::Image { release }) if image.is_none() => {
                let bytes = compression::read_bounded(&mut content, memory)?;
                image = Some((release, bytes));
            }
            Some(Place::Module { release, file_name }) => {
                modules += 1;
                if modules > MAX_MODULES {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("it holds more than {MAX_MODULES} modules"),
                    ));
                }
                let folder = scratch.join(release);
                fs::create_dir_all(&folder)?;
                match File::create_new(folder.join(file_name)) {
                    Ok(mut file) => {
                        io::copy(content, &mut file)?;
                    }
                    // Module names are unique in a kernel; if there are two files, the first
                    // counts.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
            _ => {}
        }
        Ok(Next::Go)
    })?;
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
