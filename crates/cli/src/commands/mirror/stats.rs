use std::collections::BTreeMap;

use lazaret_content::Page;
use serde_json::json;

use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};

/// Images that are read at a time.
const PAGE: usize = 500;

/// Show how much a mirror keeps of each upstream
///
/// Hits, misses and requests to upstreams since the start of a running mirror are at its `/metrics`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

#[derive(Default)]
struct Sum {
    images: u64,
    missing: u64,
    bytes: u64,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (source, config) = self.which.source(context, &[])?;
        let database = source
            .open_stores()
            .await
            .map_err(super::which::nothing_yet)?
            .database;
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for upstream in &config.upstreams {
            let prefix = upstream.prefix_text();
            let bytes = database.bytes_below(&prefix).await?;
            sums.entry(prefix).or_default().bytes = bytes;
        }
        let mut last = None;
        loop {
            let page = Page {
                last,
                limit: Some(PAGE),
            };
            let listing = database.mirrored(page).await?;
            for image in &listing.items {
                let name = image.repository.as_str();
                let sum = sums
                    .iter_mut()
                    .find(|(prefix, _)| name.starts_with(&format!("{prefix}/")));
                if let Some((_, sum)) = sum {
                    sum.images += 1;
                    sum.missing += image.missing;
                }
            }
            match listing.items.last() {
                Some(image) if listing.more => {
                    last = Some(format!("{}@{}", image.repository, image.digest));
                }
                _ => break,
            }
        }
        let upstreams: Vec<_> = sums
            .iter()
            .map(|(prefix, sum)| {
                json!({"prefix": prefix, "images": sum.images, "bytes": sum.bytes, "missing": sum.missing})
            })
            .collect();
        let total: u64 = sums.values().map(|sum| sum.bytes).sum();
        let limit = config.mirror.size.map(|size| size.0);
        let value = json!({"upstreams": upstreams, "bytes": total, "limit": limit});
        context.printer.result(&value, |_| {
            let heading = ["PREFIX", "IMAGES", "SIZE", "NOT FETCHED"];
            let mut rows = vec![heading.map(str::to_owned).to_vec()];
            rows.extend(sums.iter().map(|(prefix, sum)| {
                vec![
                    prefix.clone(),
                    sum.images.to_string(),
                    bytes(sum.bytes),
                    bytes(sum.missing),
                ]
            }));
            let limit = limit.map_or_else(
                || "no limit".to_owned(),
                |limit| format!("limit {}", bytes(limit)),
            );
            format!("{}total {}, {limit}", table(&rows), bytes(total))
        })?;
        Ok(())
    }
}
