//! Makes a file of a source.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lazaret_values::Printable;
use lazaret_variants::KernelOrigin;

use super::program::{Program, find};
use crate::build_error::BuildError;
use crate::kernel::distribution;
use crate::{Error, Home, ProgressSink};

/// Longest time for a command for which nothing else is said.
const COMMAND: Duration = Duration::from_secs(2 * 3600);
/// Longest time for a flake.
const FLAKE: Duration = Duration::from_secs(6 * 3600);
/// Names of kernels in the output of a flake, in order.
const IN_FLAKES: [&str; 4] = ["vmlinux", "vmlinux.bin", "bzImage", "Image"];

/// Whether a source is asked for what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// For the newest that it has.
    Anew,
    /// For what the last build got, if that is still there: no command is run again.
    Again,
}

/// The file of a source.
pub(super) struct Raw {
    pub(super) file: PathBuf,
    /// The source in words.
    pub(super) origin: String,
}

impl Home {
    /// Makes the file of a source.
    pub(super) async fn raw_kernel(
        &self,
        origin: &KernelOrigin,
        asked: Asked,
        progress: &ProgressSink,
    ) -> Result<Raw, Error> {
        match origin {
            KernelOrigin::File { path } => Ok(Raw {
                file: path.clone(),
                origin: format!("file {}", path.display()),
            }),
            KernelOrigin::Package { name, version } => {
                self.package((name, version.as_deref()), asked, progress)
                    .await
            }
            KernelOrigin::Url { url, sha256 } => Ok(Raw {
                file: self.download_kernel(url, sha256, progress).await?,
                origin: format!("'{}'", Printable::excerpt(url)),
            }),
            KernelOrigin::Command {
                argv,
                output,
                timeout,
            } => {
                let limit = timeout.map_or(COMMAND, |period| period.duration());
                self.command(argv, output, limit, asked, progress).await
            }
            KernelOrigin::Flake { reference, output } => {
                self.flake(reference, output.as_deref(), progress).await
            }
        }
    }

    /// A package, which stays in the cache until the next build.
    async fn package(
        &self,
        (name, version): (&str, Option<&str>),
        asked: Asked,
        progress: &ProgressSink,
    ) -> Result<Raw, Error> {
        let origin = format!("package {name}");
        let shown = version.map_or(name.to_owned(), |version| format!("{name}={version}"));
        let folder = self.settings.cache.join("packages");
        // Names of packages have no slash, and versions none either.
        let file = folder.join(format!("{shown}.deb"));
        if asked == Asked::Again && file.is_file() {
            return Ok(Raw { file, origin });
        }
        let (path, place) = (&self.settings.search_path, self.scratch.path()?);
        let fetched = distribution::fetch_named(path, place, (name, version), progress).await;
        let package = fetched.map_err(|reason| BuildError::Package {
            name: shown,
            reason,
        })?;
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let content = std::fs::File::open(&package.file);
        let mut content = content.map_err(Error::io("open", &package.file))?;
        let new = lazaret_files::NewFile::create(&file, 0o600)?;
        std::io::copy(&mut content, &mut new.file()?).map_err(Error::io("write", &file))?;
        new.publish()?;
        Ok(Raw { file, origin })
    }

    /// A file that a command makes.
    async fn command(
        &self,
        argv: &[String],
        output: &Path,
        limit: Duration,
        asked: Asked,
        progress: &ProgressSink,
    ) -> Result<Raw, Error> {
        let name = argv.first().map_or("", String::as_str);
        if asked == Asked::Anew {
            let program = Program {
                name,
                path: &find(name, &self.settings.search_path)?,
                arguments: argv.iter().skip(1).map(OsString::from).collect(),
                limit,
                answers: false,
            };
            progress.note(&format!("running {}", Printable::excerpt(&argv.join(" "))));
            program.run(progress).await?;
        }
        if !output.is_file() {
            return Err(Error::Build(BuildError::NoOutput {
                program: Printable::excerpt(name),
                output: output.to_owned(),
            }));
        }
        Ok(Raw {
            file: output.to_owned(),
            origin: format!("command '{}'", Printable::excerpt(name)),
        })
    }

    /// A file in an output of a flake.
    async fn flake(
        &self,
        reference: &str,
        output: Option<&Path>,
        progress: &ProgressSink,
    ) -> Result<Raw, Error> {
        let words = [
            "build",
            "--extra-experimental-features",
            "nix-command flakes",
            "--no-link",
            "--print-out-paths",
            "--",
            reference,
        ];
        let program = Program {
            name: "nix",
            path: &find("nix", &self.settings.search_path)?,
            arguments: words.map(OsString::from).to_vec(),
            limit: FLAKE,
            answers: true,
        };
        progress.note(&format!(
            "building {} with nix",
            Printable::excerpt(reference)
        ));
        let answer = program.run(progress).await?;
        let answer = String::from_utf8_lossy(&answer);
        let made = answer
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with('/'));
        let made: Vec<&Path> = made.map(Path::new).collect();
        let names: Vec<&Path> = match output {
            Some(output) => vec![output],
            None => IN_FLAKES.map(Path::new).to_vec(),
        };
        let inside = made
            .iter()
            .flat_map(|path| names.iter().map(|name| path.join(name)));
        let itself = made.iter().map(|path| path.to_path_buf());
        let file = inside.chain(itself).find(|path| path.is_file());
        let file = file.ok_or_else(|| BuildError::NoOutput {
            program: "nix".to_owned(),
            output: output.unwrap_or(Path::new(IN_FLAKES[0])).to_owned(),
        })?;
        Ok(Raw {
            file,
            origin: format!("flake {}", Printable::excerpt(reference)),
        })
    }
}
