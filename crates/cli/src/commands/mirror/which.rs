//! Which mirror: the folders that `mirror init` made, or a configuration of `lazaret serve`.

use std::path::{Path, PathBuf};

use lazaret_files::children;
use lazaret_registry::config::{Config, Document, Overrides};
use lazaret_registry::{Root, Source, StageChoice};

use crate::commands::serve;
use crate::context::Context;
use crate::env_vars;
use crate::failure::Failure;
use crate::settings;

/// Largest configuration file, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// Name of the configuration of a host.
pub(super) const FILE: &str = "mirror.toml";

/// Which mirror
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Configuration file of the mirror, as `lazaret serve` takes it [default: those that
    /// `mirror init` has written]
    #[arg(long, value_name = "FILE", env = env_vars::serve::CONFIG)]
    pub(super) config: Option<PathBuf>,
}

/// Folder of the configurations that `mirror init` writes.
pub(super) fn folder(context: &Context) -> PathBuf {
    context.settings.data.join("mirror")
}

impl Which {
    /// The source of the mirror with its settings. Without a file, it joins the configurations of
    /// `hosts`, or of all.
    pub(super) fn source(
        self,
        context: &Context,
        hosts: &[String],
    ) -> Result<(Source, Config), Failure> {
        let mut overrides = Overrides::default();
        overrides.variables(settings::serve_variables());
        let file = match self.config {
            Some(file) => Some(file),
            None => {
                let files = files(&folder(context), hosts)?;
                join(context, &files, &mut overrides)?;
                files.into_iter().next()
            }
        };
        let source = Source {
            file,
            overrides,
            root: Root::Lasting(folder(context).join("content")),
            credentials: context.settings.credentials.clone(),
            stages: StageChoice::All,
            is_mirror: true,
        };
        let (config, _) = source
            .read()
            .map_err(|faults| serve::refuse(context, &faults.0))?;
        if config.upstreams.is_empty() {
            return Err(Failure::usage_with(
                "the configuration has no upstreams",
                "add [[upstreams]] with a namespace, or run `lazaret mirror init docker.io`",
            ));
        }
        Ok((source, config))
    }
}

/// The failure for a mirror that has kept nothing yet.
pub(super) fn nothing_yet(error: lazaret_registry::Error) -> Failure {
    match error {
        lazaret_registry::Error::NoRegistry { path } => Failure::usage_with(
            format!("nothing was mirrored yet: there is no {}", path.display()),
            "`lazaret mirror start` serves, `lazaret mirror prefetch` fetches ahead",
        ),
        error => error.into(),
    }
}

/// The files of hosts, in order of their names.
fn files(folder: &Path, hosts: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    if hosts.is_empty() {
        for path in children(folder).map_err(|error| Failure::io("list", error.source))? {
            found.extend(Some(path.join(FILE)).filter(|file| file.is_file()));
        }
        found.sort();
    }
    for host in hosts {
        let file = folder.join(host).join(FILE);
        if !file.is_file() {
            return Err(Failure::usage_with(
                format!("there is no configuration of '{host}': {}", file.display()),
                format!("run `lazaret mirror init {host}`"),
            ));
        }
        found.push(file);
    }
    if found.is_empty() {
        return Err(Failure::usage_with(
            format!("there is no mirror in {}", folder.display()),
            "run `lazaret mirror init docker.io`, or name a configuration by --config",
        ));
    }
    Ok(found)
}

/// Refuses settings that are for all hosts, and would not count beside those of the first file.
fn refuse_more(file: &Path, first: &Path) -> Result<(), Failure> {
    let text = lazaret_files::read_regular_text(file, LARGEST)
        .map_err(|error| Failure::io(format!("read {}", file.display()), error))?;
    // A file that is no TOML is refused where it is read as settings.
    let Ok(table) = text.parse::<toml::Table>() else {
        return Ok(());
    };
    let says_nothing = |value: &toml::Value| value.as_table().is_some_and(toml::Table::is_empty);
    let more = table
        .iter()
        .find(|(name, value)| !matches!(&name[..], "listen" | "upstreams") && !says_nothing(value));
    match more {
        None => Ok(()),
        Some((name, _)) => Err(Failure::usage_with(
            format!("{} sets {name}, which is for all hosts", file.display()),
            format!("set it in {}, the first of them", first.display()),
        )),
    }
}

/// Joins addresses and upstreams of several files. All else is that of the first.
fn join(context: &Context, files: &[PathBuf], overrides: &mut Overrides) -> Result<(), Failure> {
    let [first, others @ ..] = files else {
        return Ok(());
    };
    if others.is_empty() {
        return Ok(());
    }
    for file in others {
        refuse_more(file, first)?;
    }
    let (mut listen, mut upstreams) = (Vec::new(), Vec::new());
    for file in files {
        let document = Document::load(Some(file), &Overrides::default());
        let config = document
            .and_then(|document| document.config())
            .map_err(|faults| serve::refuse(context, &faults.0))?;
        for address in config.listen {
            if !listen.contains(&address) {
                listen.push(address);
            }
        }
        upstreams.extend(config.upstreams);
    }
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| Failure::usage(error.to_string()))
    };
    overrides.set("listen", json(serde_json::to_string(&listen))?);
    overrides.set("upstreams", json(serde_json::to_string(&upstreams))?);
    Ok(())
}
