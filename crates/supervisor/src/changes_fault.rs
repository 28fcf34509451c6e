//! Why the changes of a machine cannot be read, or not be made an image.

use thiserror::Error;

/// The reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChangesFault {
    /// The root is a disk of the machine's own, with nothing below it.
    #[error("its root is a disk of its own, which cannot be told from its image")]
    OwnDisk,
    /// Nothing can be written to the root.
    #[error("its root is read-only, so that there is nothing to commit")]
    ReadOnly,
    /// The machine did not close its disk.
    #[error("it was killed before it had closed its disk")]
    Unclosed,
    /// The machine wrote while its disk was read.
    #[error("it ended or went on writing while its disk was read")]
    Disturbed,
    /// The machine does not hold still.
    #[error("its disk cannot be read now: {message}")]
    Refused {
        /// Its own words.
        message: String,
    },
    /// The image came as a disk, or its layers were removed.
    #[error("the layers of its image '{image}' are not in the store")]
    NoLayers {
        /// The image.
        image: String,
    },
}
