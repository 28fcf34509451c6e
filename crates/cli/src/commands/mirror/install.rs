use std::path::{Path, PathBuf};

use lazaret_node::install::{
    self, Change, Engine, Leftovers, MirrorUrl, Name, Namespace, Origin, Places, Plan, Reason,
    Step, Wish,
};
use serde_json::json;

use super::which::{Which, folder};
use crate::changed_text::changed_text;
use crate::context::Context;
use crate::failure::Failure;

/// The record of what was changed.
const RECORD: &str = "installed.json";

/// The engines that are told
#[derive(Debug, clap::Args)]
struct Engines {
    /// containerd: `certs.d/HOST/hosts.toml`, and `config_path` in its `config.toml`
    #[arg(long)]
    containerd: bool,
    /// Podman, Buildah and skopeo: a file in `registries.conf.d`
    #[arg(long)]
    podman: bool,
    /// Docker: `daemon.json`
    #[arg(long)]
    docker: bool,
    /// BuildKit: `buildkitd.toml`
    #[arg(long)]
    buildkit: bool,
    /// k3s: `registries.yaml`
    #[arg(long)]
    k3s: bool,
}

/// Tell the container engines of this machine to pull through the mirror
///
/// Changes only what it has to, keeps what was there, and prints each change. Without a flag for an
/// engine, it is every engine whose folder of configuration exists. `uninstall` undoes it.
#[derive(Debug, clap::Args)]
pub(crate) struct InstallArgs {
    /// Registries that are pulled through the mirror [default: all of its upstreams]
    #[arg(value_name = "HOST")]
    hosts: Vec<Name>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    engines: Engines,
    /// URL of the mirror [default: its first address]
    #[arg(long, value_name = "URL")]
    mirror: Option<Origin>,
    /// Authorities of the mirror's certificate, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Never let the engines pull from the registries themselves
    #[arg(long)]
    no_fallback: bool,
    /// Folder that is the engines' `/`
    #[arg(long, value_name = "DIR", default_value = "/")]
    fs_root: PathBuf,
    /// Show the changes and make none
    #[arg(long)]
    dry_run: bool,
}

/// Undo `mirror install`
///
/// Files that somebody has changed since stay as they are, and are named.
#[derive(Debug, clap::Args)]
pub(crate) struct UninstallArgs {
    /// Folder that is the engines' `/`
    #[arg(long, value_name = "DIR", default_value = "/")]
    fs_root: PathBuf,
    /// Forget files that were changed since, too: they stay as they are
    #[arg(long)]
    forget: bool,
    /// Show the changes and make none
    #[arg(long)]
    dry_run: bool,
}

impl InstallArgs {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let root = self.fs_root;
        let engines = engines(&self.engines, &root)?;
        let record = record(context, &root);
        let (_, config) = self.which.source(context, &[])?;
        let mirror = match self.mirror {
            Some(mirror) => mirror,
            None => {
                let scheme = if config.tls.is_some() {
                    "https"
                } else {
                    "http"
                };
                let address = config.listen.first();
                if address.is_none_or(|address| address.ip().is_unspecified()) {
                    return Err(Failure::usage_with(
                        "the mirror listens on all addresses, and engines need one",
                        "name it: --mirror http://HOST:PORT",
                    ));
                }
                let address = address.map(ToString::to_string);
                let url = format!("{scheme}://{}", address.unwrap_or_default());
                url.parse()?
            }
        };
        let mirror = match &self.ca_file {
            None => MirrorUrl::new(mirror),
            Some(file) => MirrorUrl::with_certificates(mirror, file)?,
        };
        let names = match self.hosts.is_empty() {
            false => self.hosts,
            true => config
                .upstreams
                .iter()
                .map(|upstream| upstream.namespace.parse())
                .collect::<Result<_, install::Error>>()?,
        };
        for name in &names {
            let text = name.to_string();
            let is_known = |known: &str| known.eq_ignore_ascii_case(&text) || text == "_default";
            if !config.upstreams.iter().any(|one| is_known(&one.namespace)) {
                return Err(Failure::usage_with(
                    format!("{text} is no upstream of this mirror"),
                    "add it to the configuration first",
                ));
            }
        }
        let namespaces = names
            .into_iter()
            .map(|name| Namespace { name, server: None });
        let wish = Wish {
            engines,
            mirror,
            namespaces: namespaces.collect(),
            fallback: !self.no_fallback,
            root,
            places: Places::default(),
        };
        let plan = install::plan(&wish)?;
        if !self.dry_run {
            create_folder(&record)?;
            install::apply(&plan, &record)?;
        }
        show(context, &plan, self.dry_run)
    }
}

impl UninstallArgs {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let record = record(context, &self.fs_root);
        let undo = install::undo(&record)?;
        for kept in &undo.kept {
            context.printer.warning(&format!(
                "{} stays: {}",
                kept.path.display(),
                reason(&kept.reason)
            ));
        }
        if !self.dry_run {
            let leftovers = match self.forget {
                true => Leftovers::Forget,
                false => Leftovers::Remember,
            };
            install::revert(&undo, leftovers)?;
        }
        show(context, &undo.plan, self.dry_run)?;
        if undo.kept.is_empty() || self.forget || self.dry_run {
            return Ok(());
        }
        Err(Failure::usage_with(
            "some files stay as somebody has changed them",
            "take the mirror out of them by hand, then `lazaret mirror uninstall --forget`",
        ))
    }
}

/// The record is beside what the mirror keeps, or below another root.
fn record(context: &Context, root: &Path) -> PathBuf {
    match root == Path::new("/") {
        true => folder(context).join(RECORD),
        false => root.join("var/lib/lazaret/mirror").join(RECORD),
    }
}

fn create_folder(record: &Path) -> Result<(), Failure> {
    let folder = record.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::io(format!("create {}", folder.display()), error))
}

/// The engines of the flags, or those that are there.
fn engines(flags: &Engines, root: &Path) -> Result<Vec<Engine>, Failure> {
    let all = [
        (Engine::Containerd, flags.containerd, "etc/containerd"),
        (Engine::Podman, flags.podman, "etc/containers"),
        (Engine::Docker, flags.docker, "etc/docker"),
        (Engine::Buildkit, flags.buildkit, "etc/buildkit"),
        (Engine::K3s, flags.k3s, "etc/rancher/k3s"),
    ];
    let is_chosen = all.iter().any(|(_, flag, _)| *flag);
    let chosen: Vec<Engine> = all
        .into_iter()
        .filter(|(_, flag, folder)| match is_chosen {
            true => *flag,
            false => root.join(folder).is_dir(),
        })
        .map(|(engine, ..)| engine)
        .collect();
    if chosen.is_empty() {
        return Err(Failure::usage_with(
            "no container engine has a folder of configuration here",
            "name one: --containerd, --podman, --docker, --buildkit or --k3s",
        ));
    }
    Ok(chosen)
}

fn show(context: &Context, plan: &Plan, is_dry: bool) -> Result<(), Failure> {
    let printer = context.printer;
    for notice in &plan.notices {
        printer.note(notice);
    }
    let changes: Vec<_> = plan
        .changes
        .iter()
        .map(|change| json!({"path": change.path, "why": change.why}))
        .collect();
    let steps: Vec<String> = plan
        .steps()
        .into_iter()
        .map(|step| words(step).to_owned())
        .collect();
    let value = json!({
        "changes": changes,
        "steps": steps,
        "notices": plan.notices,
        "dryRun": is_dry,
    });
    printer.result(&value, |_| {
        let texts: String = plan.changes.iter().map(shown).collect();
        match texts.is_empty() {
            true => "nothing to change".to_owned(),
            false => texts,
        }
    })?;
    if !is_dry {
        for step in &steps {
            printer.note(&format!("to make it count: {step}"));
        }
    }
    Ok(())
}

fn shown(change: &Change) -> String {
    let text = |side: &Option<String>| side.clone().unwrap_or_default();
    let name = change.path.display().to_string();
    changed_text(&name, &text(&change.before), &text(&change.after))
}

/// What makes an engine read its configuration.
fn words(step: Step) -> &'static str {
    match step {
        Step::RestartContainerd => "systemctl restart containerd",
        Step::ReloadDocker => "systemctl reload docker",
        Step::RestartBuildkit => "systemctl restart buildkit",
        Step::RestartK3s => "systemctl restart k3s (or k3s-agent)",
    }
}

/// Why a file stays as it is.
fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Changed => "somebody has changed it since".to_owned(),
        Reason::Removed => "somebody has removed it since".to_owned(),
        Reason::Unreadable(error) => error.clone(),
    }
}
