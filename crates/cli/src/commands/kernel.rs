use std::path::PathBuf;

use lazaret_oci::Reference;
use lazaret_supervisor::KernelSource;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;
use crate::progress::Bars;

/// Kernels for machines
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Import a kernel with the modules that a machine needs
    ///
    /// FILE is a Debian kernel package (`linux-image-*.deb`) or a `vmlinuz`, which takes
    /// `--modules` unless everything needed is built in.
    Import {
        /// Kernel package or image
        #[arg(required_unless_present = "host")]
        file: Option<PathBuf>,
        /// Folder `lib/modules/RELEASE` that belongs to a `vmlinuz`
        #[arg(long, value_name = "DIR", requires = "file")]
        modules: Option<PathBuf>,
        /// Take the running host's kernel from `/boot` and `/lib/modules`
        #[arg(long, conflicts_with_all = ["file", "modules"])]
        host: bool,
        /// Name in the store [default: the kernel's release]
        #[arg(long)]
        name: Option<String>,
    },
    /// Pull a kernel that `kernel push` pushed, or one that a catalogue names
    Pull {
        /// `registry/repository[:tag][@digest]`, or a name in a catalogue
        reference: String,
        /// Name in the store [default: the one it was pushed from]
        #[arg(long)]
        name: Option<String>,
    },
    /// Push a kernel with its modules as an OCI artifact
    Push {
        /// Name in the store
        name: String,
        /// `registry/repository[:tag]`
        reference: Reference,
    },
    /// List the kernels; the default is marked
    #[command(alias = "list")]
    Ls,
    /// Write a kernel and its initramfs to a folder, to boot disks under any hypervisor
    ///
    /// The initramfs starts what `root=/dev/NAME` on the kernel's command line names.
    Export {
        /// Name in the store [default: the kernel that `run` takes]
        name: Option<String>,
        /// Folder for `vmlinuz`, `vmlinux` and `initrd`
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Remove kernels
    #[command(alias = "remove")]
    Rm {
        /// Names
        #[arg(required = true)]
        names: Vec<String>,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let printer = context.printer;
        match self {
            Self::Import {
                file,
                modules,
                host: _,
                name,
            } => {
                let source = match (file, modules) {
                    (None, _) => KernelSource::Host,
                    (Some(image), Some(modules)) => KernelSource::Image {
                        image,
                        modules: Some(modules),
                    },
                    (Some(file), None) => KernelSource::File(file),
                };
                let kernel = home.import_kernel(source, name.as_deref())?;
                printer.made(&kernel, &kernel.name, |kernel| {
                    format!("kernel {} ({})", kernel.name, kernel.release)
                })?;
            }
            Self::Pull { reference, name } => {
                let bars = Bars::new(printer, "pull");
                let kernel = home.fetch_kernel(&reference, name.as_deref(), bars.sink());
                let kernel = kernel.await?;
                bars.clear();
                printer.made(&kernel, &kernel.name, |kernel| {
                    format!("kernel {} ({})", kernel.name, kernel.release)
                })?;
            }
            Self::Push { name, reference } => {
                let bars = Bars::new(printer, "push");
                let pushed = home.push_kernel(&name, &reference, bars.sink()).await?;
                bars.clear();
                printer.made(&pushed, &pushed.digest.to_string(), |pushed| {
                    format!("{}\n{}", pushed.reference, pushed.digest)
                })?;
            }
            Self::Ls => {
                printer.result(&home.kernels()?, |kernels| {
                    let heading = ["NAME", "RELEASE", "MODULES", "DEFAULT"].map(str::to_owned);
                    let mut rows = vec![heading.to_vec()];
                    rows.extend(kernels.iter().map(|kernel| {
                        vec![
                            kernel.name.clone(),
                            kernel.release.clone(),
                            kernel.modules.to_string(),
                            if kernel.default { "*" } else { "" }.to_owned(),
                        ]
                    }));
                    table(&rows)
                })?;
            }
            Self::Export { name, output } => {
                let exported = home.export_kernel(name.as_deref(), &output)?;
                printer.result(&exported, |exported| {
                    let (kernel, initrd) = (exported.vmlinuz.display(), exported.initrd.display());
                    format!("{kernel} ({})\n{initrd}", exported.release)
                })?;
            }
            Self::Rm { names } => {
                for name in names {
                    home.remove_kernel(&name)?;
                    printer.note(&format!("removed {name}"));
                }
            }
        }
        Ok(())
    }
}
