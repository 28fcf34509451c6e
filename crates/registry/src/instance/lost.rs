//! Notices metadata that was lost: content is there, and nothing names it.

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
