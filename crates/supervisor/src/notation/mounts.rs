//! Volumes, memory and other mounts, in the notation of Docker.

use std::path::PathBuf;

use lazaret_artifacts::GuestPath;
use lazaret_protocol::MemoryMount;

use crate::prepare::{FolderRequest, VolumeRequest};
use crate::volumes::is_volume_name;

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// An artifact: `REF[:/path]`.
    Artifact(String),
    /// A volume.
    Volume(VolumeRequest),
    /// A file system in memory.
    Memory(MemoryMount),
    /// A folder or a file of the host.
    Folder(FolderRequest),
}

impl std::str::FromStr for Mount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pairs: Vec<(&str, &str)> = text
            .split(',')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let kind = pairs.iter().find(|(key, _)| *key == "type");
        match kind.map(|(_, kind)| *kind) {
            None => Ok(Self::Artifact(text.to_owned())),
            Some("volume") => volume_of(&pairs).map(Self::Volume),
            Some("tmpfs") => memory_of(&pairs).map(Self::Memory),
            Some("bind") => folder_of(&pairs).map(Self::Folder),
            Some(kind) => Err(format!(
                "unknown type '{kind}': expected volume, bind or tmpfs"
            )),
        }
    }
}

fn volume_of(pairs: &[(&str, &str)]) -> Result<VolumeRequest, String> {
    let mut name = None;
    let mut target = None;
    let (mut read_only, mut copy) = (false, true);
    for (key, value) in pairs {
        match *key {
            "type" => {}
            "source" | "src" => name = Some(volume_name(value)?),
            "target" | "dst" | "destination" => target = Some(path(value)?),
            "readonly" | "ro" => read_only = is_true(key, value)?,
            "volume-nocopy" => copy = !is_true(key, value)?,
            _ => return Err(unknown(key)),
        }
    }
    Ok(VolumeRequest {
        name: name.filter(|name| !name.is_empty()),
        target: target.ok_or("target is missing")?,
        read_only,
        copy,
    })
}

fn folder_of(pairs: &[(&str, &str)]) -> Result<FolderRequest, String> {
    let (mut source, mut target, mut read_only) = (None, None, false);
    for (key, value) in pairs {
        match *key {
            "type" => {}
            "source" | "src" => source = Some(host_path(value)?),
            "target" | "dst" | "destination" => target = Some(path(value)?),
            "readonly" | "ro" => read_only = is_true(key, value)?,
            _ => return Err(unknown(key)),
        }
    }
    Ok(FolderRequest {
        source: source.ok_or("source is missing")?,
        target: target.ok_or("target is missing")?,
        read_only,
    })
}

fn memory_of(pairs: &[(&str, &str)]) -> Result<MemoryMount, String> {
    let mut memory = None;
    for (key, value) in pairs {
        if matches!(*key, "target" | "dst" | "destination") {
            memory = Some(empty_memory(path(value)?));
        }
    }
    let mut memory = memory.ok_or("target is missing")?;
    for (key, value) in pairs {
        match *key {
            "type" | "target" | "dst" | "destination" => {}
            "readonly" | "ro" => memory.read_only = is_true(key, value)?,
            "tmpfs-size" => memory.size = Some(bytes(value)?),
            "tmpfs-mode" => memory.mode = mode(value)?,
            "source" | "src" => return Err("memory has no source".to_owned()),
            _ => return Err(unknown(key)),
        }
    }
    Ok(memory)
}

/// Reads `NAME:/PATH[:OPTIONS]`, or `/PATH` for a volume without a name; a source that begins with `/` or
/// `.` is a path of the host.
///
/// # Errors
/// What was expected.
pub fn volume(text: &str) -> Result<Mount, String> {
    let mut parts = text.split(':');
    let (source, target, options) = match (parts.next(), parts.next(), parts.next()) {
        (Some(target), None, _) if target.starts_with('/') => (None, target, None),
        (Some(source), Some(target), options) => (Some(source), target, options),
        _ => return Err("expected NAME:/PATH, HOST-PATH:/PATH, or /PATH".to_owned()),
    };
    if parts.next().is_some() {
        return Err("it has too many ':'".to_owned());
    }
    let of_host = source.filter(|source| is_host_path(source));
    let (mut read_only, mut copy) = (false, true);
    for option in options.into_iter().flat_map(|options| options.split(',')) {
        match option {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "nocopy" if of_host.is_none() => copy = false,
            "z" | "Z" => return Err("there are no SELinux labels to change".to_owned()),
            _ => return Err(unknown(option)),
        }
    }
    let target = path(target)?;
    Ok(match of_host {
        Some(source) => Mount::Folder(FolderRequest {
            source: host_path(source)?,
            target,
            read_only,
        }),
        None => Mount::Volume(VolumeRequest {
            name: source.map(volume_name).transpose()?,
            target,
            read_only,
            copy,
        }),
    })
}

/// Reads memory, `PATH[:OPTIONS]`, with the options of mount(8).
///
/// # Errors
/// What was expected.
pub fn memory(text: &str) -> Result<MemoryMount, String> {
    let (target, options) = text.split_once(':').unwrap_or((text, ""));
    let mut memory = empty_memory(path(target)?);
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "size" => memory.size = Some(bytes(value)?),
            "mode" => memory.mode = mode(value)?,
            "uid" => memory.uid = number(key, value)?,
            "gid" => memory.gid = number(key, value)?,
            "ro" => memory.read_only = true,
            "rw" => memory.read_only = false,
            "exec" => memory.exec = true,
            "noexec" => memory.exec = false,
            "suid" => memory.suid = true,
            "nosuid" => memory.suid = false,
            "dev" => memory.dev = true,
            "nodev" => memory.dev = false,
            _ => return Err(unknown(key)),
        }
    }
    Ok(memory)
}

/// A file system in memory as Docker makes it when nothing else is said.
fn empty_memory(target: GuestPath) -> MemoryMount {
    MemoryMount {
        target: target.to_string(),
        size: None,
        mode: 0o1777,
        uid: 0,
        gid: 0,
        read_only: false,
        exec: false,
        suid: false,
        dev: false,
    }
}

/// Whether a source is a path of the host, as in Docker: no volume has such a name.
fn is_host_path(text: &str) -> bool {
    text.starts_with(['/', '.', '~'])
}

/// A path of the host; a relative one is of the working folder.
fn host_path(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("source is empty".to_owned()),
        _ if text.starts_with('~') => Err(format!(
            "'{text}' is not expanded by a shell here: write $HOME"
        )),
        _ => Ok(PathBuf::from(text)),
    }
}

fn volume_name(text: &str) -> Result<String, String> {
    if is_host_path(text) {
        return Err(format!("'{text}' is a path: that is type=bind"));
    }
    match is_volume_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("'{text}' is no name for a volume")),
    }
}

fn path(text: &str) -> Result<GuestPath, String> {
    text.parse()
        .map_err(|error: lazaret_artifacts::Error| error.to_string())
}

fn is_true(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("{key} is true or false, not '{value}'")),
    }
}

/// A number of bytes; `k`, `m` and `g` are powers of 1024, as in mount(8) and Docker.
fn bytes(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let plain = lower.strip_suffix('b').unwrap_or(&lower);
    let (digits, shift) = match plain.char_indices().last() {
        Some((at, 'k')) => (&plain[..at], 10),
        Some((at, 'm')) => (&plain[..at], 20),
        Some((at, 'g')) => (&plain[..at], 30),
        _ => (plain, 0),
    };
    let bytes = digits.parse::<u64>().ok().filter(|bytes| *bytes > 0);
    bytes
        .and_then(|bytes| bytes.checked_mul(1 << shift))
        .ok_or_else(|| format!("'{text}' is no size: expected bytes, or a number with k, m or g"))
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| format!("'{text}' is no mode: expected octal digits such as 1770"))
}

fn number(key: &str, value: &str) -> Result<u32, String> {
    value
        .parse()
        .map_err(|_| format!("{key} '{value}' is no number"))
}

fn unknown(option: &str) -> String {
    format!("unknown option '{option}'")
}

#[cfg(test)]
mod tests;
