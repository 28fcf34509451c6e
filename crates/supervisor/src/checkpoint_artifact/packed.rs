//! Folders as compressed archives.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};
use std::path::Path;

use lazaret_files::{Bounded, open_regular, unpacked_limit};
use lazaret_images::{Blob, FileRange};
use lazaret_oci::Descriptor;
use lazaret_tar::{Options, Source, Unpacking};

use crate::Error;
use crate::hash::copy_hashed;

/// The level of compression: memory and disks are large, and few of them are pulled often.
const LEVEL: i32 = 3;

/// Packs what is in a folder into a file without a name in `scratch`. Blocks.
pub(super) fn pack(folder: &Path, media_type: &str, scratch: &Path) -> Result<Blob, Error> {
    let failed = || Error::io("pack", folder);
    let mut archive = tempfile::tempfile_in(scratch).map_err(failed())?;
    let source = Source::find(&folder.join("."), true).map_err(Error::Copy)?;
    let output = BufWriter::new(archive.try_clone().map_err(failed())?);
    let mut output = zstd::Encoder::new(output, LEVEL).map_err(failed())?;
    let mut left_out = None;
    let mut warn = |what: String| left_out = Some(what);
    lazaret_tar::pack(&source, &mut output, &mut warn).map_err(Error::Copy)?;
    if let Some(what) = left_out {
        return Err(failed()(io::Error::other(what)));
    }
    let flushed = output.finish().and_then(|mut output| output.flush());
    flushed.map_err(failed())?;
    archive.rewind().map_err(failed())?;
    let (digest, size) = copy_hashed(&mut archive, &mut io::sink()).map_err(failed())?;
    let content = FileRange::whole(archive, folder)?;
    Ok(Blob::new(
        Descriptor::new(media_type, digest, size),
        content,
    ))
}

/// Unpacks an archive into a new folder, and removes it. Blocks.
pub(super) fn unpack(archive: &Path, folder: &Path) -> Result<(), Error> {
    let failed = || Error::io("unpack", archive);
    std::fs::create_dir(folder).map_err(Error::io("create the folder", folder))?;
    let file: File = open_regular(archive).map_err(failed())?;
    let size = file.metadata().map_err(failed())?.len();
    let content = zstd::Decoder::new(BufReader::new(file)).map_err(failed())?;
    let content = Bounded::new(content, unpacked_limit(size));
    let mut ignored = |_: String| {};
    lazaret_tar::unpack(
        content,
        folder,
        &Unpacking::Archive,
        Options::default(),
        &mut ignored,
    )
    .map_err(Error::Copy)?;
    std::fs::remove_file(archive).map_err(failed())
}
