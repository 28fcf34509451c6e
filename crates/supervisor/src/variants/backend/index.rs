//! The index at the bare version, which is rebuilt of the tags of the variants.
//!
//! ```text
//! read tags --> make index --> is it there? --yes--> read tags again --same--> done
//!     ^                            \--no--> push ------/      \--other--\
//!     \-----------------------------------------------------------------/
//! ```
//! Whoever has pushed an index reads the tags once more. So of several that push at once, the last to
//! push the index finds what it lacks.

use std::time::Duration;

use lazaret_client::Client;
use lazaret_oci::{ManifestContent, ManifestDocument, media_type as oci};
use lazaret_variants::{TaggedVariant, variant_index, variant_of_tag};

use crate::variants::item::Item;
use crate::variants_error::VariantsError;
use crate::{Error, ProgressSink};

/// Tries before others are said to push all the time.
const TRIES: u32 = 50;

/// Makes the index agree with the tags.
pub(super) async fn agree(
    client: &Client,
    item: &Item,
    progress: &ProgressSink,
) -> Result<(), Error> {
    let reference = item.reference().oci_index()?;
    for turn in 0..TRIES {
        let wanted = made_of_tags(client, item).await?;
        let found = match client.manifest(&reference).await {
            Ok(document) => Some(document),
            Err(lazaret_client::Error::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(found) = &found {
            if found.digest() == wanted.digest() {
                return Ok(());
            }
            if matches!(found.content(), ManifestContent::Manifest(_)) {
                progress.note(&format!(
                    "{reference} is no index of variants and stays as it is"
                ));
                return Ok(());
            }
        }
        client.push_manifest(&reference, &wanted).await?;
        // Those that push at once come back at different times.
        let wait = (u64::from(turn) * 7 + u64::from(std::process::id())) % 40;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    Err(VariantsError::IndexRace {
        reference: reference.to_string(),
    }
    .into())
}

/// The index of the variants that have tags now.
async fn made_of_tags(client: &Client, item: &Item) -> Result<ManifestDocument, Error> {
    let any = item.reference().oci(item.selector)?;
    let mut variants = Vec::new();
    for tag in client.tags(&any).await? {
        let Some(selector) = variant_of_tag(item.reference(), tag.as_str()) else {
            continue;
        };
        let reference = item.reference().oci(selector)?;
        match client.resolve(&reference).await {
            Ok(manifest) => variants.push(TaggedVariant { selector, manifest }),
            // Somebody has removed it meanwhile.
            Err(lazaret_client::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let index = variant_index(item.kind(), variants);
    let raw = serde_json::to_vec(&index).map_err(|error| Error::Io {
        action: "encode the index".to_owned(),
        source: error.into(),
    })?;
    Ok(ManifestDocument::parse(raw, Some(oci::INDEX))?)
}
