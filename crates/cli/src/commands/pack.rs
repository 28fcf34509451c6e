use std::path::PathBuf;
use std::str::FromStr;

use lazaret_oci::{Platform, Reference};
use lazaret_supervisor::{
    Compression, InspectedPack, JailMode, MadePack, NetworkRequest, PackRequest, PullPolicy,
    RootDisk, RunRequest, Substrate,
};

use super::run;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::printer::{bytes, table};
use crate::progress::Bars;
use crate::{env_vars, settings};

/// One-file machines: programs with everything that their machine boots from
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Create(Box<Create>),
    Run(Box<Run>),
    /// Show what a pack says of itself, also one of smolvm (`.smolmachine`)
    Inspect {
        /// The pack
        file: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Compare every byte of a pack with its hashes; where the pack is large, it starts faster then
    Verify {
        /// The pack
        file: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Push a pack as an OCI artifact
    Push {
        /// The pack
        file: PathBuf,
        /// `registry/repository[:tag]`
        reference: Reference,
    },
    /// Pull a pack, or a `.smolmachine`; a file that is there is replaced once the new one is whole
    Pull {
        /// `registry/repository[:tag][@digest]`
        reference: Reference,
        /// The file
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
}

/// The keys that are trusted.
#[derive(Debug, clap::Args)]
pub(crate) struct Keys {
    /// Refuse a pack that none of these keys has signed: files with public keys (Ed25519, PEM)
    #[arg(long, value_name = "FILE", env = env_vars::PACK_KEY)]
    require_key: Vec<PathBuf>,
}

/// Run a pack that is no program here: in a folder without programs, of another user, or with flags
///
/// A pack is a program: `./FILE ARGS` runs it, gives it standard input (and the terminal), and removes its
/// machine when it ends. `./FILE --lazaret COMMAND` is `lazaret COMMAND`.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    run: run::Args,
}

/// Make a pack: a program of this very program, a kernel, and the disks and settings of a machine
///
/// The same input gives the same bytes, and is not packed again.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// An image as `rootfs build` takes it, an agent or a bundle
    #[arg(required_unless_present = "from")]
    source: Option<String>,
    /// Pack the disks of the machine that was saved as this checkpoint
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "source")]
    from: Option<String>,
    /// The pack; a file that is there is replaced once the new one is whole
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Compress the disks: `lz4` (Linux 5.13), or `zstd[:LEVEL]` (Linux 6.10)
    #[arg(long, value_name = "HOW", value_parser = Compression::from_str)]
    compress: Option<Compression>,
    /// Sign the pack with this private key (Ed25519, PEM): `openssl genpkey -algorithm ed25519`
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Platform of the image, which must be this machine's
    #[arg(long, value_parser = Platform::from_str)]
    platform: Option<Platform>,
    /// Processors [default: the sandbox's, else 1]
    #[arg(long, value_name = "N")]
    cpus: Option<String>,
    /// Memory, in MiB or as `512MiB`, `2GiB` [default: the sandbox's, else 512MiB]
    #[arg(short, long, visible_alias = "memory", value_name = "SIZE")]
    mem: Option<String>,
    /// Policy file to use instead of the bundle's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Host name of its machines
    #[arg(long)]
    hostname: Option<String>,
    /// Working folder
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Program to run instead of the image's or agent's
    #[arg(long, value_name = "PROGRAM")]
    entrypoint: Option<String>,
    /// `user`, `uid`, `user:group` or `uid:gid`
    #[arg(short, long)]
    user: Option<String>,
    /// Set a variable, `NAME=value`, or pass on the one of this environment, `NAME`
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Kernel, by its name in `lazaret kernel ls`
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// Arguments that the pack has when it is given none; `--` may stand before them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    args: Vec<String>,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let printer = context.printer;
        match self {
            Self::Run(args) => {
                let Run { keys, run } = *args;
                return run.run_pack(context, keys.require_key).await;
            }
            Self::Create(create) => create.run(context).await?,
            Self::Inspect { file, keys } => {
                let found = context
                    .home()?
                    .inspect_pack(&file, &keys.require_key)
                    .await?;
                printer.result(&found, inspected)?;
            }
            Self::Verify { file, keys } => {
                let verified = context
                    .home()?
                    .verify_pack(&file, &keys.require_key)
                    .await?;
                printer.made(&verified, &verified.digest, |verified| {
                    let key = verified.key.as_ref();
                    let key = key
                        .map_or_else(|| "not signed".to_owned(), |key| format!("signed by {key}"));
                    format!(
                        "pack {}\n{}\n{}, {key}, compared in {:.2} s",
                        verified.path.display(),
                        verified.digest,
                        bytes(verified.size),
                        verified.seconds
                    )
                })?;
            }
            Self::Push { file, reference } => {
                let bars = Bars::new(printer, "push");
                let pushed = context.home()?;
                let pushed = pushed.push_pack(&file, &reference, bars.sink()).await?;
                bars.clear();
                printer.made(&pushed, &pushed.digest.to_string(), |pushed| {
                    format!("pack {}\n{}", pushed.reference, pushed.digest)
                })?;
            }
            Self::Pull {
                reference,
                output,
                keys,
            } => {
                let bars = Bars::new(printer, "pull");
                let home = context.home()?;
                let pulled = home.pull_pack(&reference, &output, &keys.require_key, bars.sink());
                let pulled = pulled.await?;
                bars.clear();
                let path = pulled.path.display().to_string();
                printer.made(&pulled, &path, |pulled| {
                    format!("pack {path}\n{} ({})", pulled.digest, bytes(pulled.size))
                })?;
            }
        }
        Ok(exit::SUCCESS)
    }
}

impl Create {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let bars = Bars::new(context.printer, "pull");
        let request = PackRequest {
            output: self.output,
            checkpoint: self.from,
            platform: self.platform,
            compression: self.compress,
            key: self.key,
            run: RunRequest {
                reference: self.source.unwrap_or_default(),
                mounts: Vec::new(),
                volumes: Vec::new(),
                folders: Vec::new(),
                memory_mounts: Vec::new(),
                cpus: self.cpus,
                memory: self.mem,
                cap_add: Vec::new(),
                cap_drop: Vec::new(),
                privileged: false,
                env: self
                    .env
                    .iter()
                    .filter_map(|entry| settings::expand_env(entry))
                    .collect(),
                user: self.user,
                entrypoint: self.entrypoint,
                working_dir: self.workdir,
                hostname: self.hostname,
                policy: self.policy,
                network: NetworkRequest::default(),
                kernel: self.kernel,
                named: None,
                substrate: Substrate::default(),
                read_only: false,
                disk_bytes: None,
                root: RootDisk::Shared,
                terminal: None,
                jail: JailMode::default(),
                pull: PullPolicy::Missing,
                args: self.args,
            },
        };
        let made = home.create_pack(request, bars.sink()).await?;
        bars.clear();
        let path = made.path.display().to_string();
        context.printer.made(&made, &path, created)?;
        Ok(())
    }
}

fn created(made: &MadePack) -> String {
    let path = made.path.display();
    let what = match made.unchanged {
        true => "unchanged: nothing was packed".to_owned(),
        false => format!("{}, {:.2} s", bytes(made.size), made.seconds),
    };
    format!(
        "pack {path}\n{}\nimage {} {}\n{what}",
        made.digest, made.image, made.image_digest
    )
}

fn inspected(found: &InspectedPack) -> String {
    match found {
        InspectedPack::Foreign(foreign) => {
            let manifest = serde_json::to_string_pretty(&foreign.manifest).unwrap_or_default();
            let rows = foreign.assets.iter();
            let rows = rows.map(|(name, size)| vec![name.clone(), bytes(*size)]);
            format!(
                "pack of smolvm, version {}\n{}{manifest}\n",
                foreign.version,
                table(&rows.collect::<Vec<_>>())
            )
        }
        InspectedPack::Own {
            size,
            digest,
            architecture,
            release,
            key,
            parts,
            launch,
            ..
        } => {
            let rows = parts.iter().map(|part| {
                let kind = match &part.serial {
                    Some(serial) => format!("{} {serial}", part.kind),
                    None => part.kind.to_owned(),
                };
                vec![
                    kind,
                    part.offset.to_string(),
                    bytes(part.size),
                    part.check.clone(),
                ]
            });
            let heading = ["PART", "OFFSET", "SIZE", "CHECK"]
                .map(str::to_owned)
                .to_vec();
            let rows: Vec<_> = [heading].into_iter().chain(rows).collect();
            let key = key.as_deref().unwrap_or("nobody");
            let launch = serde_json::to_string_pretty(launch).unwrap_or_default();
            format!(
                "pack {digest}\n{} for {architecture}, kernel {release}, signed by {key}\n{}{launch}\n",
                bytes(*size),
                table(&rows)
            )
        }
    }
}
