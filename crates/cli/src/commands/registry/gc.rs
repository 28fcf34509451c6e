use std::path::PathBuf;
use std::sync::Arc;

use lazaret_store::SystemClock;
use lazaret_store::collect::retention::Retention;
use lazaret_store::collect::{Age, CollectionPlan, Collector, Planned, Report, Settings};

use super::stores::{StoresArgs, store};
use crate::commands::Context;
use crate::exit;
use crate::failure::Failure;
use crate::printer::{Format, bytes};

/// Delete what nothing in a registry refers to any more
///
/// May run beside the server, and loses nothing that somebody pushes meanwhile. Space becomes
/// free in the run after the one that gives a blob up.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    stores: StoresArgs,
    /// Say what would be deleted and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How long blobs that nothing names stay after their last push, mount or HEAD
    #[arg(long, value_name = "AGE", default_value = "24h")]
    grace: Age,
    /// How long the objects of given up blobs stay for readers
    #[arg(long, value_name = "AGE", default_value = "10m")]
    garbage_grace: Age,
    /// Retention rules, a JSON file with a list of them; without, tags and manifests stay
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let retention = match &self.rules {
            None => Retention::default(),
            Some(path) => {
                let what = format!("read the rules '{}'", path.display());
                let text = std::fs::read(path).map_err(|error| Failure::io(what, error))?;
                serde_json::from_slice(&text).map_err(|error| {
                    Failure::usage(format!("invalid rules in '{}': {error}", path.display()))
                })?
            }
        };
        let settings = Settings {
            grace: self.grace.duration(),
            garbage_grace: self.garbage_grace.duration(),
            ..Settings::default()
        };
        let stores = self.stores.open(context).await?;
        let clock = Arc::new(SystemClock);
        let collector = Collector::new(stores.database, stores.objects, clock, settings, retention);
        let printer = context.printer;
        if self.dry_run {
            let mut each = |piece: Planned<'_>| printer.note(&line(piece));
            let plan = collector.plan(&mut each).await.map_err(store)?;
            printer.result(self.format, &plan, planned)?;
        } else {
            let report = collector.run(&mut |_, _| {}).await.map_err(store)?;
            printer.result(self.format, &report, done)?;
        }
        Ok(exit::SUCCESS)
    }
}

fn line(piece: Planned<'_>) -> String {
    match piece {
        Planned::Tag(name, tag) => format!("tag {name}:{} -> {}", tag.tag, tag.digest),
        Planned::Manifest(name, manifest) => {
            format!("manifest {name}@{}: {}", manifest.digest, manifest.reason)
        }
        Planned::Link(link) => format!("blob {} leaves {}", link.digest, link.repository),
        Planned::Blob(blob) => format!("blob {} ({})", blob.digest, bytes(blob.size)),
        Planned::Object(garbage) => format!("object {}", garbage.object),
    }
}

fn planned(plan: &CollectionPlan) -> String {
    format!(
        "would delete {} tags, {} manifests ({}), {} links, {} blobs ({}), {} objects ({})",
        plan.tags,
        plan.manifests,
        bytes(plan.manifest_bytes),
        plan.links,
        plan.blobs,
        bytes(plan.blob_bytes),
        plan.objects,
        bytes(plan.object_bytes),
    )
}

fn done(report: &Report) -> String {
    format!(
        "deleted {} uploads, {} tags, {} manifests, {} links, {} blobs ({} to become free), \
         {} objects; {} reclaimed",
        report.uploads_expired,
        report.tags,
        report.manifests,
        report.links,
        report.blobs,
        bytes(report.bytes_condemned),
        report.objects,
        bytes(report.bytes_reclaimed),
    )
}
