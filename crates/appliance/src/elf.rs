//! Reads what a dynamic loader needs to know of a program (System V ABI, chapters 4 and 5): its
//! architecture, its loader, and the libraries that it needs. Every offset is checked: the bytes are
//! anybody's.

#[cfg(test)]
mod tests;

use std::fmt;

const HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_STRSZ: u64 = 10;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
/// Longest path or name in a program, in bytes.
const LONGEST: usize = 4096;
/// Most libraries that one file names.
const MOST_NEEDED: usize = 256;

/// What is wrong with a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElfFault {
    /// It does not begin as an ELF file does.
    #[error("it is no ELF file")]
    NoElf,
    /// It is an ELF file of another kind.
    #[error("it is not a 64-bit little-endian ELF program or library")]
    OtherKind,
    /// It is for another processor.
    #[error("it is for {0}")]
    OtherMachine(String),
    /// Something in it points outside of it.
    #[error("its {0} is damaged")]
    Damaged(&'static str),
}

/// A program or library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elf {
    /// The processor, as the kernel names it: `x86_64`, `aarch64`, or a number.
    pub machine: String,
    /// The path of its loader; a static program and most libraries have none.
    pub interpreter: Option<String>,
    /// The libraries that it needs, by name.
    pub needed: Vec<String>,
    /// Folders to look for these first; `$ORIGIN` stands for its own.
    pub search: Vec<String>,
}

/// A part of the file that is loaded to an address.
struct Load {
    address: u64,
    offset: u64,
    length: u64,
}

impl Elf {
    /// Reads a program or a library.
    ///
    /// # Errors
    /// [`ElfFault`].
    pub fn parse(file: &[u8]) -> Result<Self, ElfFault> {
        if !file.starts_with(b"\x7fELF") {
            return Err(ElfFault::NoElf);
        }
        let kind = word16(file, 16).ok_or(ElfFault::Damaged("header"))?;
        if file.len() < HEADER_BYTES || file[4..6] != [2, 1] || !matches!(kind, 2 | 3) {
            return Err(ElfFault::OtherKind);
        }
        let headers = program_headers(file)?;
        let mut elf = Self {
            machine: machine(word16(file, 18).unwrap_or_default()),
            interpreter: None,
            needed: Vec::new(),
            search: Vec::new(),
        };
        let loads: Vec<Load> = headers
            .iter()
            .filter(|header| header.kind == PT_LOAD)
            .map(|header| Load {
                address: header.address,
                offset: header.offset,
                length: header.length,
            })
            .collect();
        for header in &headers {
            match header.kind {
                PT_INTERP => {
                    let bytes = part(file, header.offset, header.length);
                    let bytes = bytes.ok_or(ElfFault::Damaged("loader's name"))?;
                    elf.interpreter = Some(text(bytes).ok_or(ElfFault::Damaged("loader's name"))?);
                }
                PT_DYNAMIC => {
                    let bytes = part(file, header.offset, header.length);
                    elf.dynamic(
                        file,
                        bytes.ok_or(ElfFault::Damaged("dynamic section"))?,
                        &loads,
                    )?;
                }
                _ => {}
            }
        }
        Ok(elf)
    }

    fn dynamic(&mut self, file: &[u8], section: &[u8], loads: &[Load]) -> Result<(), ElfFault> {
        let entries: Vec<(u64, u64)> = section
            .chunks_exact(16)
            .map(|entry| {
                let word = |at| word64(entry, at).unwrap_or_default();
                (word(0), word(8))
            })
            .take_while(|(tag, _)| *tag != 0)
            .collect();
        let value = |wanted| {
            let found = entries.iter().find(|(tag, _)| *tag == wanted);
            found.map(|(_, value)| *value)
        };
        let Some(address) = value(DT_STRTAB) else {
            return Ok(());
        };
        let damaged = || ElfFault::Damaged("table of names");
        let names = table(file, loads, address, value(DT_STRSZ).ok_or_else(damaged)?);
        let names = names.ok_or_else(damaged)?;
        let name = |at: u64| {
            let at = usize::try_from(at).ok()?;
            text(names.get(at..)?)
        };
        for (tag, at) in &entries {
            if *tag == DT_NEEDED {
                if self.needed.len() == MOST_NEEDED {
                    return Err(damaged());
                }
                self.needed.push(name(*at).ok_or_else(damaged)?);
            }
        }
        // The newer entry wins (ld.so(8)).
        if let Some(at) = value(DT_RUNPATH).or(value(DT_RPATH)) {
            let folders = name(at).ok_or_else(damaged)?;
            let folders = folders.split(':').filter(|folder| !folder.is_empty());
            self.search = folders.map(str::to_owned).collect();
        }
        Ok(())
    }
}

impl fmt::Display for Elf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interpreter {
            None => write!(formatter, "static, {}", self.machine),
            Some(loader) => write!(formatter, "{}, loaded by {loader}", self.machine),
        }
    }
}

struct ProgramHeader {
    kind: u32,
    offset: u64,
    address: u64,
    length: u64,
}

fn program_headers(file: &[u8]) -> Result<Vec<ProgramHeader>, ElfFault> {
    let damaged = || ElfFault::Damaged("table of segments");
    let table = word64(file, 0x20).ok_or_else(damaged)?;
    let size = word16(file, 0x36).ok_or_else(damaged)?;
    let count = word16(file, 0x38).ok_or_else(damaged)?;
    if count > 0 && usize::from(size) != PROGRAM_HEADER_BYTES {
        return Err(damaged());
    }
    let length = u64::from(count) * u64::from(size);
    let headers = part(file, table, length).ok_or_else(damaged)?;
    let header = |bytes: &[u8]| {
        Some(ProgramHeader {
            kind: word32(bytes, 0)?,
            offset: word64(bytes, 8)?,
            address: word64(bytes, 16)?,
            length: word64(bytes, 32)?,
        })
    };
    let all = headers.chunks_exact(PROGRAM_HEADER_BYTES).map(header);
    all.collect::<Option<_>>().ok_or_else(damaged)
}

/// The bytes of the file that are loaded to an address.
fn table<'a>(file: &'a [u8], loads: &[Load], address: u64, length: u64) -> Option<&'a [u8]> {
    loads.iter().find_map(|load| {
        let within = address.checked_sub(load.address)?;
        let is_inside = within.checked_add(length)? <= load.length;
        let offset = load.offset.checked_add(within)?;
        is_inside.then(|| part(file, offset, length)).flatten()
    })
}

fn part(file: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    file.get(start..end)
}

/// The text up to a NUL byte.
fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == 0)?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// `e_machine` (`include/uapi/linux/elf-em.h`).
fn machine(number: u16) -> String {
    match number {
        62 => "x86_64".to_owned(),
        183 => "aarch64".to_owned(),
        other => format!("processor {other}"),
    }
}

fn word16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn word32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn word64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
