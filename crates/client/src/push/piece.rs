//! Bodies that are read from a source.

use super::setback::Setback;
use super::source::BlobSource;
use super::wishes::PushBlob;
use crate::Error;
use crate::call::Call;
use crate::transport::{Payload, Upload};

/// `length` bytes of the source from `offset`, in bytes, as a body.
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
