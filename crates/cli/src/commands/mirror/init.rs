use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use lazaret_oci::Registry;
use serde::Serialize;

use super::which::{FILE, folder};
use crate::context::Context;
use crate::failure::Failure;

/// The address of the original mirror.
const LISTEN: &str = "127.0.0.1:8578";

/// Write the configuration of mirrors, one folder for each host
///
/// Prints the path of each. `lazaret mirror start` serves them all; `lazaret mirror install` tells
/// the container engines of this machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Registries to mirror, as clients name them: `docker.io`, `ghcr.io`, `registry.example:5000`
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<Registry>,
    /// Address that the mirror will listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = LISTEN)]
    listen: SocketAddr,
    /// Folder for the folders of the hosts [default: `mirror` in the data folder]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write below this folder as if it were `/`, to `etc/lazaret/mirror`: for the disk of a node
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    fs_root: Option<PathBuf>,
    /// Swap tags for this streamable form when the registry has it: `overlaybd`, `turbo`, `acr`, `nydus`
    #[arg(long, value_name = "FORM")]
    streamable: Vec<lazaret_mirror::Format>,
    /// Write the settings alone, without the explanations
    #[arg(long)]
    min_init: bool,
    /// Replace configurations that are there
    #[arg(short, long)]
    force: bool,
}

#[derive(Serialize)]
struct Written {
    host: String,
    path: PathBuf,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let base = match (&self.output, &self.fs_root) {
            (Some(folder), _) => folder.clone(),
            (None, Some(root)) => root.join("etc/lazaret/mirror"),
            (None, None) => folder(context),
        };
        let mut written = Vec::new();
        for host in &self.hosts {
            let path = base.join(host.as_str()).join(FILE);
            let text = self.text(host);
            let is_there = path.symlink_metadata().is_ok();
            if is_there && !self.force {
                return Err(Failure::usage_with(
                    format!("{} is there already", path.display()),
                    "--force replaces it",
                ));
            }
            if is_there {
                context
                    .printer
                    .warning(&format!("{} is replaced", path.display()));
            }
            write(&path, &text)?;
            let host = host.to_string();
            written.push(Written { host, path });
        }
        context.printer.result(&written, |written| {
            let paths = written.iter().map(|one| one.path.display().to_string());
            paths.collect::<Vec<_>>().join("\n")
        })?;
        if self.output.is_none() && self.fs_root.is_none() {
            context.printer.note(
                "`lazaret mirror start` serves; `lazaret mirror install --dry-run` shows what engines would be told",
            );
        }
        Ok(())
    }

    fn text(&self, host: &Registry) -> String {
        let mut text = String::new();
        let mut add = |comment: &str, setting: &str| {
            if !self.min_init {
                for line in comment.lines() {
                    let _ = writeln!(text, "# {line}");
                }
            } else if setting.starts_with('#') {
                return;
            }
            let _ = writeln!(text, "{setting}");
        };
        add(
            &format!(
                "The mirror of {host}. `lazaret mirror start` serves it, `lazaret mirror plan` shows its stages.\nEvery setting is in the guide, and in `lazaret serve --print-schema`."
            ),
            &format!("listen = [\"{}\"]", self.listen),
        );
        add("", "\n[mirror]");
        add(
            "Most bytes that are kept; images that were not asked for longest go.",
            "# size = \"50GiB\"",
        );
        add(
            "The registry is asked again what a tag points to after this time.",
            "# tag_lifetime = \"1m\"",
        );
        add(
            "How long an old answer is served when the registry does not answer.",
            "# stale_lifetime = \"30d\"",
        );
        add("", "\n[[upstreams]]");
        add("What clients call it.", &format!("namespace = \"{host}\""));
        let endpoint = match host.is_loopback() {
            true => format!("endpoints = [\"http://{host}\"]"),
            false => format!("# endpoints = [\"https://{host}\"]"),
        };
        add(
            "The registries that have its content, in the order in which they are asked.",
            &endpoint,
        );
        add(
            "Authorities of its certificate, PEM, beside those of the system.",
            "# ca_file = \"ca.crt\"",
        );
        add(
            "Its repositories that are mirrored; all, without this.",
            "# repositories = [\"library/**\"]",
        );
        add(
            "Forms of images that tags are swapped for, for snapshotters that stream.",
            &match self.streamable.is_empty() {
                true => "# streamable = [\"overlaybd\"]".to_owned(),
                false => {
                    let forms = self.streamable.iter().map(ToString::to_string);
                    format!("streamable = {:?}", forms.collect::<Vec<_>>())
                }
            },
        );
        add(
            "Credentials: those of `lazaret login`, Docker and Podman, unless there are others here.",
            "# credentials = { username = \"robot\", password_file = \"password\" }",
        );
        text
    }
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::io(format!("create {}", folder.display()), error))?;
    }
    let failed = |error: lazaret_files::Error| {
        Failure::io(format!("write {}", path.display()), error.source)
    };
    lazaret_files::replace(path, text.as_bytes(), 0o644).map_err(failed)
}
