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

/// Refuses to serve what was lost.
///
/// Metadata that names nothing and is younger than the content would answer 404 for everything, and
/// content could be taken for garbage; the settings may allow it. Metadata that names content beside
/// a store without any would tell clients that it has what they push, and lose it.
///
/// # Errors
/// Fails with [`Error::MetadataLost`], [`Error::ContentLost`], and with the errors of the stores.
pub(super) async fn refuse_lost(
    config: &Config,
    home: &Home,
    stores: &Stores,
) -> Result<(), Error> {
    let metadata = || stores::place(config, home);
    let content = || stores::content_place(config, home);
    let unread = |source| Error::Storage {
        place: metadata(),
        source,
    };
    let unlisted = |source| Error::Storage {
        place: content(),
        source,
    };
    if let Some(since) = stores.metadata.empty_since().await.map_err(unread)? {
        if config.metadata.start_empty {
            return Ok(());
        }
        let objects = stores.objects.list(None, MOST).await.map_err(unlisted)?;
        return match objects.iter().any(|object| object.modified < since) {
            true => Err(Error::MetadataLost { place: metadata() }),
            false => Ok(()),
        };
    }
    let serves_blobs = async || stores.metadata.serves_blobs().await.map_err(unread);
    if !serves_blobs().await? {
        return Ok(());
    }
    let objects = stores.objects.list(None, 1).await.map_err(unlisted)?;
    // Another replica may have collected the last content meanwhile.
    if objects.is_empty() && serves_blobs().await? {
        return Err(Error::ContentLost { place: content() });
    }
    Ok(())
}
