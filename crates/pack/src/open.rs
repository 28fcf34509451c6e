//! Opens packs.

use std::fs::File;
use std::io::Result as IoResult;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Damage, Error, io};
use crate::footer::{FOOTER_BYTES, Footer, NoFooter};
use crate::layout::{ALIGNMENT, LARGEST_LAUNCH};
use crate::manifest::{Checked, Kind, Manifest, Section};
use crate::program;
use crate::signature::{PublicKey, Signature};
use crate::verify::{first_nonzero, hash_range, sha256};

/// An open pack: its footer, manifest and signature fit each other.
#[derive(Debug)]
pub struct Pack {
    file: File,
    path: PathBuf,
    footer: Footer,
    manifest: Manifest,
    signature: Option<Signature>,
}

impl Pack {
    /// Opens the pack at `path`.
    ///
    /// # Errors
    /// [`Error::NoPack`], [`Error::Version`], [`Error::Damaged`]; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = lazaret_files::open_regular(path).map_err(io("open", path))?;
        Self::of_file(file, path)
    }

    /// Opens a pack in an open file; messages call it `path`.
    ///
    /// # Errors
    /// As [`Pack::open`].
    pub fn of_file(file: File, path: &Path) -> Result<Self, Error> {
        let footer = match footer(&file).map_err(io("read", path))? {
            Ok(footer) => footer,
            Err(NoFooter::Absent) => return Err(no_pack(&file, path)),
            Err(NoFooter::Version(version)) => {
                return Err(Error::Version {
                    path: path.to_owned(),
                    version,
                });
            }
            Err(NoFooter::Damaged(damage)) => return Err(damaged(path, damage)),
        };
        let read = |offset, size: u64| {
            let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
            let read = file.read_exact_at(&mut bytes, offset);
            read.map_err(io("read", path))?;
            Ok::<_, Error>(bytes)
        };
        let bytes = read(footer.manifest, footer.manifest_size)?;
        if sha256(&bytes) != footer.digest {
            let damage = Damage::Manifest("its hash is not the footer's".to_owned());
            return Err(damaged(path, damage));
        }
        let manifest = Manifest::parse(&bytes, &footer).map_err(|damage| damaged(path, damage))?;
        let signature = match footer.signature_size {
            0 => None,
            size => {
                let bytes = read(footer.manifest + footer.manifest_size, size)?;
                let signature = Signature::parse(&bytes, &footer.digest)
                    .map_err(|reason| damaged(path, Damage::Signature(reason)))?;
                Some(signature)
            }
        };
        Ok(Self {
            file,
            path: path.to_owned(),
            footer,
            manifest,
            signature,
        })
    }

    /// The pack that this program is, if it is one. A program that is none pays the read of one byte.
    ///
    /// # Errors
    /// As [`Pack::open`]; [`Error::NoPack`] for the program of a pack that has lost the rest.
    pub fn of_program(path: &Path) -> Result<Option<Self>, Error> {
        if !program::is_of_pack() {
            return Ok(None);
        }
        let file = File::open("/proc/self/exe").map_err(io("open", path))?;
        Self::of_file(file, path).map(Some)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its footer.
    #[must_use]
    pub fn footer(&self) -> &Footer {
        &self.footer
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Digest of its manifest: 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        lazaret_values::hex(&self.footer.digest)
    }

    /// Its signature, which is one of this manifest by the key that it names.
    #[must_use]
    pub fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    /// Checks that one of these keys has signed it.
    ///
    /// # Errors
    /// [`Error::Untrusted`].
    pub fn require(&self, keys: &[PublicKey]) -> Result<(), Error> {
        let reason = match &self.signature {
            None => "is not signed, and a signature is required",
            Some(signature) if keys.contains(signature.key()) => return Ok(()),
            Some(_) => "is signed by another key than those that are trusted",
        };
        Err(Error::Untrusted {
            path: self.path.clone(),
            reason,
        })
    }

    /// The launch configuration, which has been compared with its hash.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn launch(&self) -> Result<Vec<u8>, Error> {
        let section = self.single(Kind::Launch)?;
        let size = section.size.min(LARGEST_LAUNCH);
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        let read = self.file.read_exact_at(&mut bytes, section.offset);
        read.map_err(io("read", &self.path))?;
        match &section.checked {
            Checked::Sha256(hash) if *hash == lazaret_values::hex(&sha256(&bytes)) => Ok(bytes),
            _ => Err(self.changed(section)),
        }
    }

    /// The only section of a kind.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none, which no pack is.
    pub fn single(&self, kind: Kind) -> Result<&Section, Error> {
        let section = self.manifest.section(kind);
        section.ok_or_else(|| {
            let reason = format!("it has no {}", kind.name());
            damaged(&self.path, Damage::Manifest(reason))
        })
    }

    /// Compares a section with its hash; of a disk, `disk` says whether it fits its tree. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn check(
        &self,
        section: &Section,
        disk: impl FnOnce(&File, &Section) -> IoResult<bool>,
    ) -> Result<(), Error> {
        let failed = || io("read", &self.path);
        let fits = match &section.checked {
            Checked::Sha256(hash) => {
                hash_range(&self.file, section.offset, section.size).map_err(failed())? == *hash
            }
            Checked::Verity {
                hash_offset,
                superblock,
                ..
            } => {
                let at = section.offset + hash_offset;
                let block = hash_range(&self.file, at, ALIGNMENT).map_err(failed())?;
                block == *superblock && disk(&self.file, section).map_err(failed())?
            }
        };
        match fits {
            true => Ok(()),
            false => Err(self.changed(section)),
        }
    }

    /// Checks that there is nothing between the sections. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn check_gaps(&self) -> Result<(), Error> {
        let sections = &self.manifest.sections;
        let nexts = sections.iter().skip(1).map(|section| section.offset);
        let nexts = nexts.chain([self.footer.manifest]);
        for (section, next) in sections.iter().zip(nexts) {
            let gap = first_nonzero(&self.file, section.end(), next - section.end());
            if let Some(at) = gap.map_err(io("read", &self.path))? {
                return Err(damaged(&self.path, Damage::Gap(at)));
            }
        }
        Ok(())
    }

    /// The error for a section that is not what was packed.
    #[must_use]
    pub fn changed(&self, section: &Section) -> Error {
        damaged(&self.path, Damage::Content(section.name()))
    }
}

fn footer(file: &File) -> IoResult<Result<Footer, NoFooter>> {
    let size = file.metadata()?.len();
    let mut bytes = [0; FOOTER_BYTES];
    let Some(at) = size.checked_sub(FOOTER_BYTES as u64) else {
        return Ok(Err(NoFooter::Absent));
    };
    file.read_exact_at(&mut bytes, at)?;
    Ok(Footer::decode(&bytes, size))
}

/// Why a file without a footer is no pack: the program of one says so of itself.
fn no_pack(file: &File, path: &Path) -> Error {
    let reason = match program::Marker::find(file) {
        Ok(marker) if marker.is_of_pack => {
            "it was one, and has lost its end: it was cut off or stripped, or something was appended"
        }
        _ => "it does not end with the footer of one",
    };
    Error::NoPack {
        path: path.to_owned(),
        reason,
    }
}

fn damaged(path: &Path, damage: Damage) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        damage,
    }
}
