//! Parses the `.modinfo` section of a kernel module's ELF file.

use super::words::{word16, word32, word64};

const SECTION_HEADER_BYTES: usize = 64;
const SHT_PROGBITS: u32 = 1;
const MAX_MODINFO_BYTES: usize = 1024 * 1024;

/// The dependencies of a module, all normalised (see [`normalize`]).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ModuleInfo {
    /// `depends=`: modules whose symbols it uses.
    pub(super) depends: Vec<String>,
    /// `softdep=pre:`: modules or aliases that should be loaded first if they exist.
    pub(super) soft: Vec<String>,
}

impl ModuleInfo {
    /// Reads a module file (ELF64, little-endian).
    pub(super) fn of_module(elf: &[u8]) -> Result<Self, &'static str> {
        Ok(Self::of_section(
            section(elf, b".modinfo")?.ok_or("there is no .modinfo section")?,
        ))
    }

    fn of_section(section: &[u8]) -> Self {
        let mut info = Self::default();
        for entry in section.split(|byte| *byte == 0) {
            let Ok(entry) = std::str::from_utf8(entry) else {
                continue;
            };
            match entry.split_once('=') {
                Some(("depends", names)) => info.depends.extend(
                    names
                        .split(',')
                        .map(normalize)
                        .filter(|name| !name.is_empty()),
                ),
                Some(("softdep", rule)) => info.soft.extend(soft_before(rule)),
                _ => {}
            }
        }
        info
    }
}

/// A module's name as the kernel compares it: `-` becomes `_`.
pub(super) fn normalize(name: &str) -> String {
    name.trim().replace('-', "_")
}

/// The words of a soft dependency between `pre:` and `post:`.
fn soft_before(rule: &str) -> Vec<String> {
    rule.split_whitespace()
        .skip_while(|word| *word != "pre:")
        .skip(1)
        .take_while(|word| !word.ends_with(':'))
        .map(normalize)
        .collect()
}

/// The bytes of the named section of an untrusted ELF64 file; `None` when there is none.
fn section<'a>(elf: &'a [u8], wanted: &[u8]) -> Result<Option<&'a [u8]>, &'static str> {
    if elf.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("it is no 64-bit little-endian ELF file");
    }
    let table = word64(elf, 0x28).ok_or(CUT)?;
    let size = word16(elf, 0x3a).ok_or(CUT)?;
    let count = word16(elf, 0x3c).ok_or(CUT)?;
    let names_index = word16(elf, 0x3e).ok_or(CUT)?;
    if usize::from(size) != SECTION_HEADER_BYTES {
        return Err("its section headers are of an unknown size");
    }
    let header = |index: u16| {
        let start = table.checked_add(usize::from(index) * SECTION_HEADER_BYTES)?;
        elf.get(start..start.checked_add(SECTION_HEADER_BYTES)?)
    };
    let names = content(elf, header(names_index).ok_or(CUT)?).ok_or(CUT)?;
    for index in 0..count {
        let header = header(index).ok_or(CUT)?;
        let name = word32(header, 0).and_then(|start| names.get(start as usize..));
        let rest = name.ok_or(CUT)?.strip_prefix(wanted);
        // Only as much of a name is looked at as the wanted one has.
        if rest.is_some_and(|rest| rest.first().is_none_or(|byte| *byte == 0))
            && word32(header, 4) == Some(SHT_PROGBITS)
        {
            let bytes = content(elf, header).ok_or(CUT)?;
            return if bytes.len() <= MAX_MODINFO_BYTES {
                Ok(Some(bytes))
            } else {
                Err("its .modinfo section is too large")
            };
        }
    }
    Ok(None)
}

const CUT: &str = "it ends before its section headers do";

fn content<'a>(elf: &'a [u8], header: &[u8]) -> Option<&'a [u8]> {
    let start = word64(header, 0x18)?;
    elf.get(start..start.checked_add(word64(header, 0x20)?)?)
}
