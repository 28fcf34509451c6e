//! Makes request bodies from a source.

use super::setback::Setback;
use super::source::BlobSource;
use super::wishes::PushBlob;
use crate::Error;
use crate::call::Call;
use crate::transport::{Payload, Upload};

/// A body of `length` bytes of the source from `offset` on, both in bytes.
pub(super) async fn piece(
    call: &Call<'_>,
    source: &dyn BlobSource,
    wishes: &PushBlob,
    offset: u64,
    length: u64,
) -> Result<Payload, Setback> {
    if length == 0 {
        return Ok(Payload::Empty);
    }
    let reader = source.open(offset).await.map_err(|source| {
        Setback::Fatal(Error::Local {
            operation: call.operation.clone(),
            source,
        })
    })?;
    Ok(Payload::Stream(Upload::new(
        reader,
        length,
        wishes.advanced.clone(),
    )))
}
