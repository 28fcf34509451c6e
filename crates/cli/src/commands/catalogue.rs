use std::path::PathBuf;
use std::str::FromStr;

use lazaret_oci::Platform;
use lazaret_supervisor::{
    BundleRequest, CatalogueKernelRequest, FileSystem, Injection, RootfsRequest,
};
use lazaret_values::Size;

use super::rootfs::disk_size;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};
use crate::progress::Bars;

/// Prebuilt images by short names
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Build a bundle from an image, and add it to a catalogue
    Build(Box<Build>),
    /// Add a kernel to a catalogue
    ///
    /// The file stays where it is: the entry names it by its place.
    AddKernel(AddKernel),
    /// List the images of the catalogues
    #[command(alias = "list")]
    Ls,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// `oci:DIR[:TAG]`, `docker-archive:TAR[:TAG]`, the name of an image in the store, or a reference
    source: String,
    /// The bundle, a `.tar.zst`; a file that is there is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What users call it
    #[arg(long)]
    name: String,
    /// Distribution, for people
    #[arg(long)]
    distro: Option<String>,
    /// The kernel it is meant for: a name in a catalogue or a store, or a reference
    #[arg(long)]
    kernel: Option<String>,
    /// Catalogue that gets the entry; made if missing
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Size of the disk, `512MiB`, `10GiB`; a number alone counts MiB [default: 1.25 times the
    /// content, at least 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = disk_size)]
    size: Option<Size>,
    /// As for `rootfs build`
    #[arg(long, value_name = "WHAT", value_parser = Injection::from_str)]
    inject: Vec<Injection>,
    /// Platform of the image, `os/architecture[/variant]` [default: this machine's]
    #[arg(long, value_parser = Platform::from_str)]
    platform: Option<Platform>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AddKernel {
    /// Kernel package (`linux-image-*.deb`) or boot image
    file: PathBuf,
    /// What images and users call it
    #[arg(long)]
    name: String,
    /// Catalogue that gets the entry; made if missing
    #[arg(long, value_name = "FILE")]
    catalogue: PathBuf,
    /// Architecture, such as `arm64` [default: this machine's]
    #[arg(long)]
    arch: Option<String>,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Build(build) => build.run(context).await,
            Self::AddKernel(add) => add.run(context),
            Self::Ls => {
                let images = context.home()?.catalogue_images()?;
                context.printer.result(&images, |images| {
                    let heading = ["NAME", "ARCH", "DISTRO", "KERNEL", "SIZE"].map(str::to_owned);
                    let mut rows = vec![heading.to_vec()];
                    rows.extend(images.iter().map(|image| {
                        vec![
                            image.name.clone(),
                            image.arch.clone(),
                            image.distro.clone().unwrap_or_default(),
                            image.kernel.clone().unwrap_or_default(),
                            bytes(image.size),
                        ]
                    }));
                    table(&rows)
                })?;
                Ok(())
            }
        }
    }
}

impl Build {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let rootfs = RootfsRequest {
            source: self.source,
            platform: self.platform,
            output: PathBuf::new(),
            file_system: FileSystem::Ext4,
            size: self.size.map(|size| size.0),
            journal: true,
            compression: None,
            label: "root".to_owned(),
            verity: false,
            inject: self.inject,
        };
        let request = BundleRequest {
            rootfs,
            output: self.output,
            name: self.name,
            distro: self.distro,
            kernel: self.kernel,
            catalogue: self.catalogue,
        };
        let home = context.home()?;
        let bars = Bars::new(context.printer, "read");
        let built = home.build_bundle(request, bars.sink()).await?;
        bars.clear();
        let path = built.path.display().to_string();
        context.printer.made(&built, &path, |built| {
            let entry = &built.entry;
            format!("{path}\nsha256 {}\n{}", entry.sha256, bytes(entry.size))
        })?;
        Ok(())
    }
}

impl AddKernel {
    fn run(self, context: &Context) -> Result<(), Failure> {
        let request = CatalogueKernelRequest {
            file: self.file,
            name: self.name,
            arch: self.arch,
            catalogue: self.catalogue,
        };
        let kernel = context.home()?.add_catalogue_kernel(request)?;
        context.printer.made(&kernel, &kernel.name, |kernel| {
            format!(
                "{}\nsha256 {}\n{}",
                kernel.name,
                kernel.sha256,
                bytes(kernel.size)
            )
        })?;
        Ok(())
    }
}
