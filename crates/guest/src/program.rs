//! Finds the command in the image, and explains before the start why it cannot run.

use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Context as _, Error, Result};

/// The `PATH` when the environment has none.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// ELF machine number of this kernel, and its name.
#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// Finds `command` as `execvp` would: a name in `path`, anything with a slash relative to
/// `working_dir`. The result is a file with an execute bit, in a format that the kernel
/// knows, whose interpreter exists.
pub(crate) fn find(command: &str, path: Option<&str>, working_dir: &Path) -> Result<PathBuf> {
    let program = if command.contains('/') {
        let program = working_dir.join(command);
        match why_not_executable(&program) {
            None => program,
            Some(reason) => return Err(refusal(command, program, reason)),
        }
    } else {
        search(command, path.unwrap_or(DEFAULT_PATH), working_dir)?
    };
    check_format(&program)?;
    Ok(program)
}

fn search(command: &str, path: &str, working_dir: &Path) -> Result<PathBuf> {
    let mut refused = None;
    for folder in path.split(':').filter(|_| !command.is_empty()) {
        let program = working_dir.join(folder).join(command);
        match why_not_executable(&program) {
            None => return Ok(program),
            Some(Reason::Missing) => {}
            Some(reason) => refused = refused.or(Some(refusal(command, program, reason))),
        }
    }
    let place = format!(" in PATH ({path})");
    Err(refused.unwrap_or_else(|| Error::NotFound {
        command: command.to_owned(),
        place,
    }))
}

/// The reason for which a path cannot be run.
enum Reason {
    Missing,
    Other(String),
}

fn why_not_executable(program: &Path) -> Option<Reason> {
    let reason = match std::fs::metadata(program) {
        Err(error) => match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                return Some(Reason::Missing);
            }
            _ => error.to_string(),
        },
        Ok(meta) if meta.is_dir() => "it is a folder".to_owned(),
        Ok(meta) if !meta.is_file() => "it is no regular file".to_owned(),
        Ok(meta) if meta.permissions().mode() & 0o111 == 0 => "permission denied".to_owned(),
        Ok(_) => return None,
    };
    Some(Reason::Other(reason))
}

fn refusal(command: &str, path: PathBuf, reason: Reason) -> Error {
    match reason {
        Reason::Missing => Error::NotFound {
            command: command.to_owned(),
            place: " in the image".to_owned(),
        },
        Reason::Other(reason) => Error::NotExecutable { path, reason },
    }
}

/// The executable format of a program, by its first bytes.
#[derive(Debug, PartialEq, Eq)]
enum Format {
    /// A native program, and the loader that it names, if any.
    Elf { loader: Option<PathBuf> },
    /// An ELF file for another machine.
    Foreign { machine: u16 },
    /// A script and its interpreter.
    Script { interpreter: PathBuf },
    /// Anything else.
    Unknown,
}

fn check_format(program: &Path) -> Result<()> {
    const BYTES: u64 = 4096;
    let mut start = Vec::new();
    // The image is not trusted: opening must not wait for a writer, as with a pipe.
    std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(program)
        .and_then(|file| file.take(BYTES).read_to_end(&mut start))
        .context(|| format!("read {}", program.display()))?;
    let missing = |what, needed: PathBuf| {
        (!needed.exists())
            .then(|| format!("its {what} {} is missing in the image", needed.display()))
    };
    let reason = match Format::of(&start) {
        Format::Elf { loader } => loader.and_then(|loader| missing("loader", loader)),
        Format::Script { interpreter } => missing("interpreter", interpreter),
        Format::Foreign { machine } => Some(format!(
            "it is built for {}, the machine is {}",
            machine_name(machine),
            std::env::consts::ARCH
        )),
        Format::Unknown => {
            Some("exec format error: neither an ELF program nor a script with `#!`".to_owned())
        }
    };
    match reason {
        Some(reason) => Err(Error::NotExecutable {
            path: program.to_owned(),
            reason,
        }),
        None => Ok(()),
    }
}

impl Format {
    fn of(start: &[u8]) -> Self {
        if let Some(line) = start.strip_prefix(b"#!") {
            let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line);
            return match line.split([' ', '\t']).find(|word| !word.is_empty()) {
                Some(interpreter) => Self::Script {
                    interpreter: interpreter.into(),
                },
                None => Self::Unknown,
            };
        }
        if !start.starts_with(b"\x7fELF") {
            return Self::Unknown;
        }
        match u16_at(start, 18) {
            Some(MACHINE) => Self::Elf {
                loader: loader_of(start),
            },
            // x86-64 kernels also run 32-bit x86, whose headers are laid out differently.
            Some(3) if MACHINE == 62 => Self::Elf { loader: None },
            Some(machine) => Self::Foreign { machine },
            None => Self::Unknown,
        }
    }
}

/// The string that a 64-bit ELF file's `PT_INTERP` header points to.
fn loader_of(start: &[u8]) -> Option<PathBuf> {
    const PT_INTERP: u32 = 3;
    let headers = usize::try_from(u64_at(start, 32)?).ok()?;
    let size = usize::from(u16_at(start, 54)?);
    for index in 0..usize::from(u16_at(start, 56)?) {
        let header = start.get(headers.checked_add(index.checked_mul(size)?)?..)?;
        if u32::from_le_bytes(*header.first_chunk()?) != PT_INTERP {
            continue;
        }
        let offset = usize::try_from(u64_at(header, 8)?).ok()?;
        let length = usize::try_from(u64_at(header, 32)?).ok()?;
        let string = start.get(offset..offset.checked_add(length)?)?;
        let string = string.split(|byte| *byte == 0).next()?;
        return std::str::from_utf8(string).ok().map(PathBuf::from);
    }
    None
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn machine_name(machine: u16) -> String {
    match machine {
        3 => "x86".to_owned(),
        40 => "arm".to_owned(),
        62 => "x86_64".to_owned(),
        183 => "aarch64".to_owned(),
        243 => "riscv".to_owned(),
        other => format!("ELF machine {other}"),
    }
}

#[cfg(test)]
mod tests;
