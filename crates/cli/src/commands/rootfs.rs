use std::path::PathBuf;
use std::str::FromStr;

use lazaret_oci::Platform;
use lazaret_supervisor::{
    Compression, DiskName, FileSystem, Injection, RootfsRequest, list_disk, read_from_disk,
};
use lazaret_values::Size;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};
use crate::progress::Bars;

/// Disks from images
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Build a bootable disk from an image, without root, mounts or a container engine
    Build(Build),
    /// List what a disk holds, without mounting it
    #[command(alias = "list")]
    Ls {
        /// An ext4 or EROFS disk
        disk: PathBuf,
        /// Only what is at or below this path
        path: Option<String>,
    },
    /// Print a file of a disk
    Cat {
        /// An ext4 or EROFS disk
        disk: PathBuf,
        /// Path of the file; symbolic links are not followed
        path: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// `oci:DIR[:TAG]` (a layout, folder or tar), `docker-archive:TAR[:TAG]`, the name of an image in
    /// the store, or a reference, which is pulled
    source: String,
    /// The disk; a file that is there is replaced once the new one is whole
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// File system: ext4 can be written to, EROFS is smaller
    #[arg(long, value_enum, default_value_t)]
    fs: Kind,
    /// Size of an ext4, `512MiB`, `10GiB`; a number alone counts MiB [default: 1.25 times the
    /// content, at least 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = disk_size)]
    size: Option<Size>,
    /// Leave the journal of an ext4 out
    #[arg(long)]
    no_journal: bool,
    /// Compress the files of an EROFS: `lz4` (Linux 5.13), or `zstd[:LEVEL]` (Linux 6.10)
    #[arg(long, value_name = "HOW", value_parser = Compression::from_str)]
    compress: Option<Compression>,
    /// Append a dm-verity tree and print its root hash
    #[arg(long)]
    verity: bool,
    /// Add something over the image: `agent` (the guest agent with its services), or a file as
    /// `FILE:/PATH[:MODE]`, owned by root; may be given more than once
    #[arg(long, value_name = "WHAT", value_parser = Injection::from_str)]
    inject: Vec<Injection>,
    /// Volume label
    #[arg(long, default_value = "root")]
    label: String,
    /// Platform of the image, `os/architecture[/variant]` [default: this machine's]
    #[arg(long, value_parser = Platform::from_str)]
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Kind {
    #[default]
    Ext4,
    Erofs,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Build(build) => build.run(context).await,
            Self::Ls { disk, path } => {
                let names = list_disk(&disk, path.as_deref())?;
                context.printer.result(&names, |names| list(names))?;
                Ok(())
            }
            Self::Cat { disk, path } => {
                read_from_disk(&disk, &path, &mut |piece| context.printer.raw(piece))
            }
        }
    }
}

/// Formats names as `ls -l` does.
fn list(names: &[DiskName]) -> String {
    let rows = names.iter().map(|name| {
        let mut path = name.path.clone();
        if let Some(target) = &name.target {
            path = format!("{path} -> {target}");
        }
        let size = name.device.clone().unwrap_or_else(|| name.size.to_string());
        vec![
            format!("{}{}", &name.kind[..1], name.mode),
            name.links.to_string(),
            format!("{}:{}", name.uid, name.gid),
            size,
            path,
        ]
    });
    table(&rows.collect::<Vec<_>>())
}

impl Build {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let request = RootfsRequest {
            source: self.source,
            platform: self.platform,
            output: self.output,
            file_system: match self.fs {
                Kind::Ext4 => FileSystem::Ext4,
                Kind::Erofs => FileSystem::Erofs,
            },
            size: self.size.map(|size| size.0),
            journal: !self.no_journal,
            compression: self.compress,
            label: self.label,
            verity: self.verity,
            inject: self.inject,
        };
        let home = context.home()?;
        let bars = Bars::new(context.printer, "read");
        let built = home.build_rootfs(request, bars.sink()).await?;
        bars.clear();
        let path = built.path.display().to_string();
        context.printer.made(&built, &path, |built| {
            let verity = built.verity.as_ref().map(|tree| {
                let (hash, offset) = (&tree.root_hash, tree.hash_offset);
                format!("\nverity {hash} at byte {offset}")
            });
            format!(
                "{} {}\nimage {}\n{} of {} used, {} entries, {:.2} s{}",
                built.file_system,
                path,
                built.image,
                bytes(built.used),
                bytes(built.size),
                built.entries,
                built.seconds,
                verity.unwrap_or_default()
            )
        })?;
        Ok(())
    }
}

/// Parses the value of `--size`: a number alone counts MiB, and parts of a MiB round up.
pub(super) fn disk_size(text: &str) -> Result<Size, lazaret_values::Error> {
    let size = Size::parse_counting(text, Size::MIB)?;
    Ok(Size::mebibytes(size.in_mebibytes()))
}
