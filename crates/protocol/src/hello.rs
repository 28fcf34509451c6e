//! The greeting, with which each side refuses other versions.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::frame::Frame;
use crate::kind::Kind;
use crate::version::VERSION;

/// The first message of each side; the guest greets first.
///
/// Its layout is the same in all versions, so that each can report the other's version: a byte 1,
/// the length of the JSON in four bytes (little-endian), the JSON. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the sender.
    pub version: u32,
    /// Release of the guest's kernel; empty when the host is the sender.
    #[serde(default)]
    pub kernel: String,
}

impl Hello {
    /// The greeting of a guest with this kernel release, or of a host, for which it is empty.
    #[must_use]
    pub fn new(kernel: &str) -> Self {
        Self {
            version: VERSION,
            kernel: kernel.to_owned(),
        }
    }

    /// The greeting as encoded bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let payload = serde_json::to_vec(self)
            .expect("greetings have string keys and no failing serializers");
        let mut wire = Vec::new();
        Frame::new(Kind::Hello, 0, &payload).encode_into(&mut wire);
        wire
    }

    /// Reads the peer's greeting, which must be its first frame.
    ///
    /// # Errors
    /// [`Error::NoHello`] for another frame, [`Error::Message`] for one that does not parse,
    /// [`Error::Version`] for another version than [`VERSION`].
    pub fn read(frame: &Frame<'_>) -> Result<Self, Error> {
        if frame.kind != Kind::Hello {
            return Err(Error::NoHello { kind: frame.kind });
        }
        let hello: Self = frame.message()?;
        if hello.version != VERSION {
            return Err(Error::Version {
                peer: hello.version,
            });
        }
        Ok(hello)
    }
}
