//! The modules of a kernel as one file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use lazaret_rootfs::{PackMode, PackOptions, PackSummary};
use lazaret_vm::kernel::Kernel;

use crate::Error;

/// Largest archive, unpacked, in bytes.
const LARGEST: u64 = 512 << 20;
/// Largest number of modules.
const MOST_MODULES: usize = 1000;

/// The folder of a stored kernel's modules.
pub(crate) fn folder(kernel: &Kernel) -> PathBuf {
    kernel.vmlinuz.with_file_name("modules")
}

/// Writes the modules of a stored kernel into a file; the same modules give the same bytes.
pub(crate) fn pack(kernel: &Kernel, output: &File) -> Result<PackSummary, Error> {
    let options = PackOptions {
        mode: PackMode::Reproducible,
        epoch: 0,
    };
    let packed = lazaret_rootfs::pack(folder(kernel), output, options);
    packed.map_err(|source| Error::Convert {
        subject: kernel.name.clone(),
        source,
    })
}

/// Unpacks modules into a folder of their own; returns their number. Only plain files with plain
/// names are accepted.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> Result<usize, Error> {
    let failed = |source: io::Error| Error::Io {
        action: "unpack the kernel's modules".to_owned(),
        source,
    };
    let broken = |reason| failed(io::Error::new(io::ErrorKind::InvalidData, reason));
    std::fs::create_dir(folder).map_err(Error::io("create", folder))?;
    let file = File::open(archive).map_err(Error::io("open", archive))?;
    let content = flate2::read::MultiGzDecoder::new(file).take(LARGEST);
    let mut archive = tar::Archive::new(content);
    let mut count = 0;
    // Read raw: members with long names are not modules, and none is read into memory.
    for member in archive.entries().map_err(failed)?.raw(true) {
        let mut member = member.map_err(failed)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        let is_plain = (name.ends_with(".ko") || name == "modules.builtin")
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
            && !name.starts_with('.');
        if member.header().entry_type() != tar::EntryType::Regular || !is_plain {
            return Err(broken("there is something else than modules"));
        }
        count += 1;
        if count > MOST_MODULES {
            return Err(broken("there are too many"));
        }
        let path = folder.join(&name);
        let mut target = File::create_new(&path).map_err(Error::io("create", &path))?;
        io::copy(&mut member, &mut target).map_err(failed)?;
    }
    Ok(count)
}
