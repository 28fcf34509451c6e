//! The bytes that an upload may write of its repository's quota.

use lazaret_content::{Claim, Error, UploadSession};

use crate::message::Refusal;
use crate::registry::Registry;

/// Bytes that are reserved ahead, so that not every piece of a body asks the database.
const AHEAD: u64 = 16 * 1024 * 1024;

/// The size that an upload may have without asking again.
#[derive(Debug, Default)]
pub(super) struct Allowance(u64);

impl Allowance {
    /// Allows a size that takes nothing of the quota.
    pub(super) fn allow(&mut self, size: u64) {
        self.0 = self.0.max(size);
    }

    /// Allows the upload to have `size` bytes, if the quota has room for them.
    ///
    /// # Errors
    /// Fails with 403 when blobs, manifests and other uploads leave less.
    pub(super) async fn reserve(
        &mut self,
        registry: &Registry,
        session: &UploadSession,
        claim: &Claim,
        size: u64,
    ) -> Result<(), Refusal> {
        if size <= self.0 {
            return Ok(());
        }
        let Some(quota) = registry.terms().rules.quota(&session.repository) else {
            self.0 = u64::MAX;
            return Ok(());
        };
        let metadata = &registry.stores.metadata;
        for wanted in [size.saturating_add(AHEAD), size] {
            match metadata
                .reserve_upload(&session.id, claim, wanted, quota)
                .await
            {
                Ok(()) => {
                    self.0 = wanted;
                    return Ok(());
                }
                Err(Error::QuotaExceeded { .. }) if wanted > size => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
