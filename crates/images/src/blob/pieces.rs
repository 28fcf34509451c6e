//! The form in which content moves.

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::Error;

/// Content as it comes, in pieces of at most about a megabyte.
pub type Pieces = BoxStream<'static, Result<Bytes, Error>>;
