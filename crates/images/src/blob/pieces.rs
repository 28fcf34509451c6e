//! The stream type of all content.

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::Error;

/// Content as a stream of pieces of at most about 1 MB.
pub type Pieces = BoxStream<'static, Result<Bytes, Error>>;
