//! Writes packs: section after section, then manifest, signature and footer.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use crate::error::{Error, io as failed};
use crate::footer::{FOOTER_BYTES, Footer};
use crate::layout::{
    ALIGNMENT, LARGEST_FILE, LARGEST_LAUNCH, LARGEST_MANIFEST, LARGEST_WHOLE, VERSION, aligned,
};
use crate::manifest::{Checked, Kind, Manifest, Section};
use crate::program::Marker;
use crate::signature::Key;
use crate::verify::{hash_range, sha256};

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 20;

/// A pack that is being written into an empty file.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    sections: Vec<Section>,
    /// Where the next section begins.
    at: u64,
}

impl Writer {
    /// Begins a pack in `file`, which messages call `path`, with a program: the first `size` bytes of
    /// `program`, marked as that of a pack. Blocks.
    ///
    /// # Errors
    /// [`Error::Program`], [`Error::Io`].
    pub fn begin(file: File, path: &Path, program: &File, size: u64) -> Result<Self, Error> {
        let mut writer = Self {
            file,
            path: path.to_owned(),
            sections: Vec::new(),
            at: 0,
        };
        let marker = Marker::find(program)?;
        let mut program = Marked {
            file: program,
            marker: marker.offset,
            at: 0,
            end: size,
        };
        writer.add(Kind::Program, &mut program)?;
        Ok(writer)
    }

    /// Adds a section that is checked as a whole. Blocks.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Io`].
    pub fn add(&mut self, kind: Kind, content: &mut impl Read) -> Result<(), Error> {
        let limit = match kind {
            Kind::Launch => LARGEST_LAUNCH,
            _ => LARGEST_WHOLE,
        };
        let offset = self.at;
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; PIECE];
        loop {
            let length = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed("read what goes into", &self.path)(error)),
            };
            let size = self.at - offset + length as u64;
            if size > limit {
                let what = kind.name();
                return Err(Error::TooLarge { what, size, limit });
            }
            context.update(&buffer[..length]);
            self.write(&buffer[..length])?;
        }
        let hash = lazaret_values::hex(context.finish().as_ref());
        self.end(kind, String::new(), offset, Checked::Sha256(hash));
        Ok(())
    }

    /// Adds a disk with the tree of hashes behind it: `size` bytes of `disk` in all. `checked` is the
    /// tree's root, without the hash of the superblock, which is computed. Holes stay holes. Blocks.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Io`].
    pub fn add_disk(
        &mut self,
        serial: &str,
        disk: &File,
        size: u64,
        checked: Checked,
    ) -> Result<(), Error> {
        let offset = self.at;
        if size > LARGEST_FILE - offset {
            let (what, limit) = ("a disk", LARGEST_FILE - offset);
            return Err(Error::TooLarge { what, size, limit });
        }
        let copied = lazaret_files::copy_range(disk, &self.file, size, offset);
        copied.map_err(failed("write", &self.path))?;
        self.at += size;
        let checked = match checked {
            Checked::Verity {
                data_blocks,
                hash_offset,
                root_hash,
                salt,
                ..
            } => Checked::Verity {
                superblock: hash_range(disk, hash_offset, ALIGNMENT)
                    .map_err(failed("read what goes into", &self.path))?,
                data_blocks,
                hash_offset,
                root_hash,
                salt,
            },
            other => other,
        };
        self.end(Kind::Disk, serial.to_owned(), offset, checked);
        Ok(())
    }

    /// Writes manifest, signature and footer. The file is not synced. Blocks.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Io`].
    pub fn finish(
        mut self,
        architecture: &str,
        (kernel, release): (&str, &str),
        input: &str,
        key: Option<&Key>,
    ) -> Result<Manifest, Error> {
        let manifest = Manifest {
            architecture: architecture.to_owned(),
            input: input.to_owned(),
            kernel: kernel.to_owned(),
            release: release.to_owned(),
            sections: std::mem::take(&mut self.sections),
            version: VERSION,
        };
        let bytes = manifest.encode();
        let size = bytes.len() as u64;
        if size > LARGEST_MANIFEST {
            let (what, limit) = ("its manifest", LARGEST_MANIFEST);
            return Err(Error::TooLarge { what, size, limit });
        }
        let digest = sha256(&bytes);
        let signature = key.map(|key| key.sign(&digest)).unwrap_or_default();
        let program = manifest.sections.first().map_or(0, |first| first.size);
        let at = self.at;
        self.write(&bytes)?;
        self.write(&signature)?;
        let footer = Footer {
            file: self.at + FOOTER_BYTES as u64,
            program,
            manifest: at,
            manifest_size: size,
            signature_size: signature.len() as u64,
            digest,
        };
        self.write(&footer.encode())?;
        Ok(manifest)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all_at(bytes, self.at);
        written.map_err(failed("write", &self.path))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, kind: Kind, serial: String, offset: u64, checked: Checked) {
        self.sections.push(Section {
            checked,
            kind,
            offset,
            serial,
            size: self.at - offset,
        });
        // What is skipped is a hole, and reads as zeros.
        self.at = aligned(self.at);
    }
}

/// The bytes of a program, with the mark of a pack.
struct Marked<'a> {
    file: &'a File,
    marker: u64,
    at: u64,
    end: u64,
}

impl Read for Marked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let length = self.file.read_at(&mut buffer[..wanted], self.at)?;
        if length == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(position) = self.marker.checked_sub(self.at)
            && let Ok(position) = usize::try_from(position)
            && position < length
        {
            buffer[position] = Marker::byte();
        }
        self.at += length as u64;
        Ok(length)
    }
}

/// SHA-256 of the program of a pack, as [`Writer::begin`] writes it: 64 hexadecimal digits. Blocks.
///
/// # Errors
/// Those of the operating system.
pub fn hash_program(program: &File, size: u64) -> io::Result<String> {
    let marker = Marker::find(program).map_err(io::Error::other)?;
    let mut program = Marked {
        file: program,
        marker: marker.offset,
        at: 0,
        end: size,
    };
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; PIECE];
    loop {
        match program.read(&mut buffer)? {
            0 => return Ok(lazaret_values::hex(context.finish().as_ref())),
            length => context.update(&buffer[..length]),
        }
    }
}
