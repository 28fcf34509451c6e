use lazaret_mirror::Prefetched;
use lazaret_oci::Platform;
use serde_json::{Value, json};

use super::explain::located;
use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::bytes;

/// Fetch images into a mirror before somebody asks for them
///
/// Goes on after an image that cannot be fetched; the exit status is that of the first failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The images, such as `docker.io/library/alpine:3.20`
    #[arg(required = true, value_name = "REF")]
    references: Vec<String>,
    #[command(flatten)]
    which: Which,
    /// Platforms of an index that are fetched [default: linux on this machine's architecture]
    #[arg(long, value_name = "OS/ARCH")]
    platform: Vec<Platform>,
    /// Fetch all platforms of an index
    #[arg(long, conflicts_with = "platform")]
    all_platforms: bool,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (source, _) = self.which.source(context, &[])?;
        let mirror = source.open_mirror().await?;
        let platforms = match (self.all_platforms, self.platform.is_empty()) {
            (true, _) => Vec::new(),
            (false, true) => vec![Platform::native()],
            (false, false) => self.platform,
        };
        let mut results: Vec<Value> = Vec::new();
        let mut lines = Vec::new();
        let mut failed: Option<lazaret_mirror::Error> = None;
        for reference in &self.references {
            let (repository, selector) = located(&mirror, reference)?;
            let printer = context.printer;
            let each = |digest: &lazaret_oci::Digest, size: u64| {
                printer.note(&format!("fetched {} ({})", digest.short(), bytes(size)));
            };
            let done = mirror
                .prefetch(&repository, &selector, &platforms, &each)
                .await;
            let done = match done {
                Ok(done) => done,
                Err(error) => {
                    context.printer.warning(&format!("{reference}: {error}"));
                    results.push(json!({"reference": reference, "error": error.to_string()}));
                    failed = failed.or(Some(error));
                    continue;
                }
            };
            let Prefetched {
                digest,
                blobs,
                fetched,
            } = done;
            lines.push(format!(
                "{reference}: {digest}, {blobs} blobs, {} fetched",
                bytes(fetched)
            ));
            results.push(json!({
                "reference": reference,
                "repository": repository,
                "digest": digest,
                "blobs": blobs,
                "fetched": fetched,
            }));
        }
        context.printer.result(&results, |_| lines.join("\n"))?;
        match failed {
            None => Ok(()),
            Some(error) => Err(error.into()),
        }
    }
}
