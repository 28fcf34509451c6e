use std::time::Duration;

use lazaret_values::{Period, Size};
use serde_json::json;

use super::ls::{described, shown};
use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::bytes;

/// Evict images from a mirror, those that were not asked for longest first
///
/// An image goes as a whole, and only if nobody asks for it meanwhile. Room becomes free when the
/// server collects, ten minutes later.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Evict until this many bytes are left [default: the configured size]
    #[arg(long, value_name = "SIZE")]
    size: Option<Size>,
    /// Evict only images that were not asked for within this time
    #[arg(long, value_name = "AGE", default_value = "5m")]
    unused: Period,
    /// Say what would go and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (source, config) = self.which.source(context, &[])?;
        let Some(Size(limit)) = self.size.or(config.mirror.size) else {
            return Err(Failure::usage_with(
                "the mirror has no size to keep to",
                "name one with --size; `--size 0B` evicts all",
            ));
        };
        let mirror = source.open_mirror().await?;
        let unused: Duration = self.unused.duration();
        let mut gone = Vec::new();
        loop {
            let eviction = mirror.plan_eviction(limit, unused).await?;
            if self.dry_run {
                gone = eviction.images;
                break;
            }
            let evicted = mirror.evict(&eviction).await?;
            if evicted.is_empty() {
                break;
            }
            gone.extend(evicted);
        }
        let total: u64 = gone.iter().map(|image| image.bytes).sum();
        let value = json!({
            "evicted": gone.iter().map(described).collect::<Vec<_>>(),
            "bytes": total,
            "dryRun": self.dry_run,
        });
        context.printer.result(&value, |_| match gone.is_empty() {
            true => "nothing to evict".to_owned(),
            false => shown(&gone),
        })?;
        let left = mirror.plan_eviction(limit, Duration::ZERO).await?;
        if !self.dry_run && !left.images.is_empty() {
            context.printer.note(&format!(
                "{} are left: their images were asked for within {}; --unused 0s evicts them, too",
                bytes(left.bytes),
                self.unused
            ));
        }
        let word = if self.dry_run { "would go" } else { "evicted" };
        context
            .printer
            .note(&format!("{word}: {} images, {}", gone.len(), bytes(total)));
        Ok(())
    }
}
