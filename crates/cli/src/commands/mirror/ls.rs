use std::time::SystemTime;

use lazaret_content::{MirroredManifest, Page};
use lazaret_supervisor::time;
use serde_json::{Value, json};

use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};

/// Images that are read at a time.
const PAGE: usize = 500;

/// List the images that a mirror keeps
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (source, _) = self.which.source(context, &[])?;
        let database = source
            .open_stores()
            .await
            .map_err(super::which::nothing_yet)?
            .database;
        let mut found: Vec<MirroredManifest> = Vec::new();
        loop {
            let last = found.last();
            let page = Page {
                last: last.map(|image| format!("{}@{}", image.repository, image.digest)),
                limit: Some(PAGE),
            };
            let listing = database.mirrored(page).await?;
            found.extend(listing.items);
            if !listing.more {
                break;
            }
        }
        let values: Vec<Value> = found.iter().map(described).collect();
        context.printer.result(&values, |_| shown(&found))?;
        Ok(())
    }
}

/// An image as JSON.
pub(super) fn described(image: &MirroredManifest) -> Value {
    json!({
        "repository": image.repository,
        "tags": image.tags,
        "digest": image.digest,
        "bytes": image.bytes,
        "missing": image.missing,
        "used": time::stamp(nanoseconds(image.used)),
    })
}

/// A table of images.
pub(super) fn shown(images: &[MirroredManifest]) -> String {
    let now = nanoseconds(SystemTime::now());
    let heading = [
        "REPOSITORY",
        "TAGS",
        "DIGEST",
        "SIZE",
        "NOT FETCHED",
        "USED",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(images.iter().map(|image| {
        let tags: Vec<&str> = image.tags.iter().map(|tag| tag.as_str()).collect();
        vec![
            image.repository.to_string(),
            tags.join(","),
            image.digest.short().to_owned(),
            bytes(image.bytes),
            bytes(image.missing),
            format!("{} ago", time::between(nanoseconds(image.used), now)),
        ]
    }));
    table(&rows)
}

/// Nanoseconds since 1970.
fn nanoseconds(moment: SystemTime) -> u64 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}
