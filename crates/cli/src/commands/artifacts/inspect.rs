use lazaret_supervisor::{Contained, VariantRequest, inspect_variant};

use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::bytes;

/// Show one variant: its files, their digests, and its stores
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.which.document(context)?;
        let request = VariantRequest {
            selector: self.which.selector(),
            artifact: self.which.artifact,
        };
        let found = inspect_variant(&document, &request)?;
        context.printer.result(&found, |found| {
            let variant = &found.variant;
            [
                format!("{} artifact '{}'", found.kind, found.artifact),
                format!("reference: {}", found.reference),
                format!("variant: {}", variant.selector),
                format!("local path: {}", variant.local_path.display()),
                format!("local file: {}", content(found.local.as_ref())),
                format!("cache path: {}", variant.cache_path.display()),
                format!("cache file: {}", content(found.cache.as_ref())),
                format!("push backend: {}", found.push_backend),
                format!("push store path: {}", found.push_store_path),
                format!("pull backend: {}", found.pull_backend),
                format!("pull store path: {}", found.pull_store_path),
            ]
            .join("\n")
        })?;
        Ok(())
    }
}

fn content(found: Option<&Contained>) -> String {
    match found {
        None => "missing".to_owned(),
        Some(found) => format!("{} ({})", found.digest, bytes(found.bytes)),
    }
}
