//! Notices metadata that was lost: content is there, and nothing names it. And content that was lost:
//! it is named, and nothing of it is there.

use super::home::Home;
use super::stores;
use crate::Error;
use crate::config::Config;
use crate::stores::Stores;

/// Objects that are looked at. In a registry that was in use, nearly all are older than a database
/// that was made after it.
const MOST: usize = 100;

/// Refuses metadata that names nothing and is younger than the content, unless the settings allow
/// it. To serve it would answer 404 for everything, and content could be taken for garbage.
///
/// # Errors
/// Fails with [`Error::MetadataLost`], and with the errors of the stores.
pub(super) async fn refuse_lost_metadata(
    config: &Config,
    home: &Home,
    stores: &Stores,
) -> Result<(), Error> {
    if config.metadata.start_empty {
        return Ok(());
    }
    let place = || stores::place(config, home);
    let failed = |source| Error::Storage {
        place: place(),
        source,
    };
    let Some(since) = stores.metadata.empty_since().await.map_err(failed)? else {
        return Ok(());
    };
    let objects = stores.objects.list(None, MOST).await.map_err(failed)?;
    if objects.iter().any(|object| object.modified < since) {
        return Err(Error::MetadataLost { place: place() });
    }
    Ok(())
}

/// Refuses a store without any content beside metadata that names some. To serve it would say to
/// clients that it has what they push, and lose it.
///
/// # Errors
/// Fails with [`Error::ContentLost`], and with the errors of the stores.
pub(super) async fn refuse_lost_content(
    config: &Config,
    home: &Home,
    stores: &Stores,
) -> Result<(), Error> {
    let failed = |source| Error::Storage {
        place: stores::place(config, home),
        source,
    };
    let is_named = async || stores.metadata.serves_blobs().await.map_err(failed);
    if !is_named().await? {
        return Ok(());
    }
    let objects = stores.objects.list(None, 1).await.map_err(failed)?;
    // Another replica may have collected the last content meanwhile.
    if objects.is_empty() && is_named().await? {
        return Err(Error::ContentLost {
            place: stores::content_place(config, home),
        });
    }
    Ok(())
}
