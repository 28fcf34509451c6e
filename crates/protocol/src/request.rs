//! The host's request that opens a session.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::kind::MAX_PAYLOAD_BYTES;
use crate::{boot::BootConfig, process::Process};

/// What a session is for: the payload of [`crate::Kind::Open`], as JSON.
///
/// A guest that does not know a variant answers with [`crate::Failure`] on that session, and the
/// others go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Set the machine up and run its workload. The first session of a control port, once; the
    /// machine ends with it.
    Boot(Box<BootConfig>),
    /// Run one more command beside the others.
    Exec(Process),
}

impl Request {
    /// The request as the payload of a frame.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the JSON exceeds [`MAX_PAYLOAD_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let payload =
            serde_json::to_vec(self).expect("requests have string keys and no failing serializers");
        match payload.len() {
            0..=MAX_PAYLOAD_BYTES => Ok(payload),
            bytes => Err(Error::TooLarge {
                bytes,
                limit: MAX_PAYLOAD_BYTES,
            }),
        }
    }
}
