//! The stream of the host's folders: FUSE messages over a virtio-serial port of their own.
//!
//! Each message has a head of 8 bytes before it: which of the machine's folders it is of, counted from 0
//! as in [`crate::BootConfig::folders`], and its length. Messages themselves are the kernel's
//! (`linux/fuse.h`): requests of the guest, replies of the host. In the first request of a folder, user and
//! group are those who are to own what the user who started the machine owns.

/// Name of the port.
pub const FOLDERS_PORT: &str = "org.lazaret.folders.0";

/// Most bytes of a file in one message.
pub const FOLDER_DATA_BYTES: usize = 256 * 1024;

/// Longest message: the bytes of a file, and what is said of them.
pub const FOLDER_MESSAGE_BYTES: usize = FOLDER_DATA_BYTES + 4096;

/// Length of the head before each message.
pub const FOLDER_HEAD_BYTES: usize = 8;

/// What comes before each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderHead {
    /// Which folder the message is of.
    pub number: u32,
    /// Length of the message in bytes.
    pub length: u32,
}

impl FolderHead {
    /// The head as bytes.
    #[must_use]
    pub fn encode(self) -> [u8; FOLDER_HEAD_BYTES] {
        let mut bytes = [0; FOLDER_HEAD_BYTES];
        let (number, length) = bytes.split_at_mut(4);
        number.copy_from_slice(&self.number.to_le_bytes());
        length.copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// Reads a head; `None` when it announces a message that is too long.
    #[must_use]
    pub fn decode(bytes: [u8; FOLDER_HEAD_BYTES]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h] = bytes;
        let head = Self {
            number: u32::from_le_bytes([a, b, c, d]),
            length: u32::from_le_bytes([e, f, g, h]),
        };
        let length = usize::try_from(head.length).ok()?;
        (length <= FOLDER_MESSAGE_BYTES).then_some(head)
    }
}
