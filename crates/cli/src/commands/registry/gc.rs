use std::sync::Arc;

use lazaret_content::SystemClock;
use lazaret_content::collect::{CollectionPlan, Collector, Planned, Report};
use lazaret_values::Period;

use super::stores::StoresArgs;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::printer::bytes;

/// Delete what nothing in a registry refers to any more
///
/// May run beside the server, and loses nothing that somebody pushes meanwhile. Tags and
/// manifests go by the retention rules of the configuration; without, they stay. Space becomes
/// free in the run after the one that gives a blob up.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    stores: StoresArgs,
    /// Say what would be deleted and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How long blobs that nothing names stay after their last push, mount or HEAD [default: as
    /// configured, or 24h]
    #[arg(long, value_name = "AGE")]
    grace: Option<Period>,
    /// How long the objects of given up blobs stay for readers [default: as configured, or 10m]
    #[arg(long, value_name = "AGE")]
    garbage_grace: Option<Period>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let stores = self.stores.open(context).await?;
        let mut settings = stores.collection;
        if let Some(grace) = self.grace {
            settings.grace = grace.duration();
        }
        if let Some(grace) = self.garbage_grace {
            settings.garbage_grace = grace.duration();
        }
        let collector = Collector::new(
            stores.database,
            stores.objects,
            Arc::new(SystemClock),
            settings,
            stores.retention,
        );
        let printer = context.printer;
        if self.dry_run {
            let mut each = |piece: Planned<'_>| printer.note(&line(piece));
            let plan = collector.plan(&mut each).await?;
            printer.result(&plan, planned)?;
        } else {
            let report = collector.run(&mut |_, _| {}).await?;
            printer.result(&report, done)?;
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
