//! The distribution's kernel for virtual machines, by its package tool: downloaded into a folder of
//! ours and never installed, so that no rights are needed. The tool checks signatures as ever.
//!
//! apt looks into the system's lists of packages first. Where they are missing or old, it fetches
//! others into our folder, with the system's sources and keys.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use lazaret_values::Printable;
use rustix::fs::{Access, access};
use tempfile::TempDir;
use tokio::process::Command;

use crate::ProgressSink;

/// The package that depends on the current cloud kernel, for each architecture that has one.
const CLOUD_KERNELS: [(&str, &str); 2] = [
    ("x86_64", "linux-image-cloud-amd64"),
    ("aarch64", "linux-image-cloud-arm64"),
];
/// Longest time to look something up.
const LOOK_UP: Duration = Duration::from_secs(60);
/// Longest time to fetch lists or a package.
const FETCH: Duration = Duration::from_secs(600);
/// Settings of apt for all calls. Whatever the host's own settings allow, nothing unsigned is taken.
/// Root's apt drops its rights otherwise, and then cannot write to our folder.
const APT_SETTINGS: [&str; 5] = [
    "APT::Get::AllowUnauthenticated=false",
    "Acquire::AllowInsecureRepositories=false",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=30",
    "APT::Sandbox::User=root",
];

/// A downloaded kernel package, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Package {
    /// The path of the file.
    pub(crate) file: PathBuf,
    name: String,
    _folder: TempDir,
}

impl fmt::Display for Package {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "package {}, by apt-get download", self.name)
    }
}

/// A package that is wanted.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    /// The kernel on which this one depends.
    Current(&'a str),
    /// This one, or the kernel on which it depends, in this version if one is named.
    Named(&'a str, Option<&'a str>),
}

/// Downloads the distribution's kernel into a folder within `place`. Fails with the reason.
pub(super) async fn fetch(
    search_path: &OsStr,
    place: &Path,
    progress: &ProgressSink,
) -> Result<Package, String> {
    let native = std::env::consts::ARCH;
    let known = CLOUD_KERNELS.iter().find(|(arch, _)| *arch == native);
    let (_, meta) = known.ok_or_else(|| format!("there is no cloud kernel for {native}"))?;
    obtain(search_path, place, Wanted::Current(meta), progress).await
}

/// Downloads a package with a kernel, or the one on which it depends, into a folder within `place`. Fails
/// with the reason.
pub(crate) async fn fetch_named(
    search_path: &OsStr,
    place: &Path,
    (name, version): (&str, Option<&str>),
    progress: &ProgressSink,
) -> Result<Package, String> {
    obtain(search_path, place, Wanted::Named(name, version), progress).await
}

async fn obtain(
    search_path: &OsStr,
    place: &Path,
    wanted: Wanted<'_>,
    progress: &ProgressSink,
) -> Result<Package, String> {
    let mut apt = Apt::find(search_path)?;
    let folder = tempfile::tempdir_in(place).map_err(|error| error.to_string())?;
    let (name, file) = match apt.download(wanted, folder.path(), progress).await {
        Ok(downloaded) => downloaded,
        Err(reason) => {
            tracing::info!(reason, "the system's lists of packages give no kernel");
            let troubles = apt.refresh(folder.path(), progress).await?;
            let downloaded = apt.download(wanted, folder.path(), progress).await;
            // Without a network, apt has no lists and says so only in passing.
            downloaded.map_err(|reason| troubles.unwrap_or(reason))?
        }
    };
    Ok(Package {
        file,
        name,
        _folder: folder,
    })
}

/// The programs of apt, and the settings of our calls.
struct Apt {
    cache: PathBuf,
    get: PathBuf,
    settings: Vec<OsString>,
}

impl Apt {
    fn find(search_path: &OsStr) -> Result<Self, String> {
        let find = |program: &str| {
            std::env::split_paths(search_path)
                .filter(|folder| folder.is_absolute())
                .map(|folder| folder.join(program))
                .find(|path| path.is_file() && access(path, Access::EXEC_OK).is_ok())
                .ok_or_else(|| format!("there is no {program} here"))
        };
        Ok(Self {
            cache: find("apt-cache")?,
            get: find("apt-get")?,
            settings: APT_SETTINGS.map(OsString::from).to_vec(),
        })
    }

    /// Fetches lists of packages into our folder, and uses them from now on. Returns what apt could not
    /// fetch; it may be lists that do not matter.
    async fn refresh(
        &mut self,
        folder: &Path,
        progress: &ProgressSink,
    ) -> Result<Option<String>, String> {
        let lists = folder.join("apt/lists");
        for needed in [lists.join("partial"), folder.join("apt/cache/partial")] {
            std::fs::create_dir_all(&needed).map_err(|error| error.to_string())?;
        }
        let mut set = |name: &str, path: PathBuf| {
            let mut setting = OsString::from(format!("{name}="));
            setting.push(path);
            self.settings.push(setting);
        };
        set("Dir::State::Lists", lists);
        set("Dir::Cache", folder.join("apt/cache"));
        progress.note("fetching lists of packages with apt-get");
        let update = ["update", "-qq"].map(OsString::from);
        let said = self.run(&self.get, &update, folder, FETCH).await?;
        Ok(warning(&said.stderr))
    }

    /// The name, with a version if one is wanted, by which apt downloads a package.
    async fn name(&self, wanted: Wanted<'_>, folder: &Path) -> Result<String, String> {
        let meta = match wanted {
            Wanted::Named(name, Some(version)) => return Ok(format!("{name}={version}")),
            Wanted::Named(name, None) | Wanted::Current(name) => name,
        };
        let depends = ["depends", "--important", meta].map(OsString::from);
        let said = self.run(&self.cache, &depends, folder, LOOK_UP).await?;
        let answer = String::from_utf8_lossy(&said.stdout);
        match (image_package(&answer), wanted) {
            (Some(name), _) => Ok(name),
            (None, Wanted::Named(name, _)) => Ok(name.to_owned()),
            (None, Wanted::Current(_)) => {
                Err(format!("apt knows no kernel that {meta} depends on"))
            }
        }
    }

    /// Downloads a package; returns its name and file.
    async fn download(
        &self,
        wanted: Wanted<'_>,
        folder: &Path,
        progress: &ProgressSink,
    ) -> Result<(String, PathBuf), String> {
        let name = self.name(wanted, folder).await?;
        let target = folder.join("package");
        let clean = || -> std::io::Result<()> {
            if target.exists() {
                std::fs::remove_dir_all(&target)?;
            }
            std::fs::create_dir(&target)
        };
        clean().map_err(|error| error.to_string())?;
        progress.note(&match wanted {
            Wanted::Current(_) => {
                format!("no kernel is imported: downloading {name} with apt-get")
            }
            Wanted::Named(..) => format!("downloading {name} with apt-get"),
        });
        let download = ["download", "-qq", &name].map(OsString::from);
        self.run(&self.get, &download, &target, FETCH).await?;
        let files = lazaret_files::children(&target).map_err(|error| error.to_string())?;
        let is_package = |path: &PathBuf| path.extension().is_some_and(|end| end == "deb");
        let file = files.into_iter().find(is_package);
        let file = file.ok_or_else(|| format!("apt-get downloaded no file for {name}"))?;
        Ok((name, file))
    }

    /// Runs a program of apt in a folder; returns what it says. Fails with its first complaint.
    async fn run(
        &self,
        program: &Path,
        arguments: &[OsString],
        folder: &Path,
        limit: Duration,
    ) -> Result<Output, String> {
        let shown = program.file_name().unwrap_or_default().to_string_lossy();
        let settings = self.settings.iter();
        let running = Command::new(program)
            .args(settings.flat_map(|setting| [OsStr::new("-o"), setting.as_os_str()]))
            .args(arguments)
            .env("LC_ALL", "C")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .current_dir(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(limit, running)
            .await
            .map_err(|_| format!("{shown} took longer than {} s", limit.as_secs()))?
            .map_err(|error| format!("{shown}: {error}"))?;
        if output.status.success() {
            return Ok(output);
        }
        Err(format!("{shown}: {}", complaint(&output.stderr)))
    }
}

/// The package of a kernel's image in the answer of `apt-cache depends`.
fn image_package(answer: &str) -> Option<String> {
    let mut packages = answer
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let is_name = |name: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        name.starts_with("linux-image-") && name.bytes().all(is_plain)
    };
    packages.find(is_name).map(str::to_owned)
}

/// The first warning of apt, without its mark.
fn warning(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let first = text.lines().find_map(|line| line.strip_prefix("W: "));
    first.map(|line| format!("apt-get: {}", Printable::excerpt(line)))
}

/// The first line that names an error, else the last one; without apt's mark before it.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let of_apt = lines().find(|line| line.starts_with("E: "));
    match of_apt.or_else(|| lines().next_back()) {
        Some(line) => Printable::excerpt(line.trim_start_matches("E: ")),
        None => "it failed without a word".to_owned(),
    }
}

#[cfg(test)]
mod tests;
