//! A guest that says what a test wants.

use std::path::PathBuf;

use rustix::io::Errno;
use tempfile::TempDir;

use crate::abi::{IN_HEADER, OUT_HEADER, code};
use crate::reply::Reply;
use crate::state::Folder;

/// Length of `struct fuse_entry_out`.
const ENTRY: usize = 128;

pub(super) struct Guest {
    /// A folder with a secret beside the one that is served.
    outside: TempDir,
    folder: Folder,
    reply: Reply,
}

/// Texts as requests have them.
pub(super) fn text(texts: &[&str]) -> Vec<u8> {
    let bytes = texts.iter().map(|text| [text.as_bytes(), b"\0"].concat());
    bytes.collect::<Vec<_>>().concat()
}

/// `struct fuse_setattr_in`.
pub(super) fn changes(valid: u32, uid: u32, gid: u32) -> Vec<u8> {
    let mut content = vec![0; 88];
    content[..4].copy_from_slice(&valid.to_ne_bytes());
    content[76..80].copy_from_slice(&uid.to_ne_bytes());
    content[80..84].copy_from_slice(&gid.to_ne_bytes());
    content
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Handle, offset and size, as requests to read have them.
fn range(handle: u64, offset: u64, size: u32) -> Vec<u8> {
    let numbers = [handle.to_ne_bytes(), offset.to_ne_bytes()].concat();
    [&numbers, &size.to_ne_bytes()[..], &[0; 20]].concat()
}

impl Guest {
    pub(super) fn new(read_only: bool) -> Self {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), b"secret").unwrap();
        let served = outside.path().join("served");
        std::fs::create_dir(&served).unwrap();
        Self {
            folder: Folder::open(&served, read_only, 16).unwrap(),
            outside,
            reply: Reply::default(),
        }
    }

    /// A path of the served folder on the host.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.outside.path().join("served").join(name)
    }

    /// A path beside it.
    pub(super) fn outside(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// The content of the reply, or its error.
    pub(super) fn ask(&mut self, number: u32, node: u64, content: &[u8]) -> Result<Vec<u8>, Errno> {
        self.ask_as((0, 0), number, node, content)
    }

    fn ask_as(
        &mut self,
        (uid, gid): (u32, u32),
        number: u32,
        node: u64,
        content: &[u8],
    ) -> Result<Vec<u8>, Errno> {
        let length = u32::try_from(IN_HEADER + content.len()).unwrap();
        let message = [
            &length.to_ne_bytes()[..],
            &number.to_ne_bytes(),
            &7_u64.to_ne_bytes(),
            &node.to_ne_bytes(),
            &uid.to_ne_bytes(),
            &gid.to_ne_bytes(),
            &[0; 8],
            content,
        ]
        .concat();
        let answered = self.folder.answer(0, &message, &mut self.reply);
        let reply = answered.unwrap().expect("it has a reply");
        let reply = &reply[lazaret_protocol::FOLDER_HEAD_BYTES..];
        assert_eq!(u32_at(reply, 0) as usize, reply.len());
        assert_eq!(u64_at(reply, 8), 7);
        match -u32_at(reply, 4).cast_signed() {
            0 => Ok(reply[OUT_HEADER..].to_vec()),
            error => Err(Errno::from_raw_os_error(error)),
        }
    }

    pub(super) fn init(&mut self, uid: u32, gid: u32) {
        let content = [7_u32, 36, 1 << 20, u32::MAX, 0, 0]
            .map(u32::to_ne_bytes)
            .concat();
        let reply = self.ask_as((uid, gid), code::INIT, 0, &content).unwrap();
        assert_eq!(reply.len(), 64);
    }

    pub(super) fn look_up(&mut self, parent: u64, name: &str) -> Result<u64, Errno> {
        let reply = self.ask(code::LOOKUP, parent, &text(&[name]))?;
        assert_eq!(reply.len(), ENTRY);
        match u64_at(&reply, 0) {
            0 => Err(Errno::NOENT),
            node => Ok(node),
        }
    }

    pub(super) fn size_of(&mut self, node: u64) -> Result<u64, Errno> {
        let reply = self.ask(code::GETATTR, node, &[0; 16])?;
        assert_eq!(reply.len(), 104);
        Ok(u64_at(&reply, 24))
    }

    pub(super) fn owner_of(&mut self, node: u64) -> (u32, u32) {
        let reply = self.ask(code::GETATTR, node, &[0; 16]).unwrap();
        (u32_at(&reply, 16 + 68), u32_at(&reply, 16 + 72))
    }

    pub(super) fn open(&mut self, node: u64, flags: u32) -> Result<u64, Errno> {
        let content = [flags.to_ne_bytes(), [0; 4]].concat();
        Ok(u64_at(&self.ask(code::OPEN, node, &content)?, 0))
    }

    /// Makes and opens a file; returns its node and handle.
    pub(super) fn create(
        &mut self,
        parent: u64,
        name: &str,
        mode: u32,
    ) -> Result<(u64, u64), Errno> {
        let flags = [2_u32, mode | 0o100_000, 0, 0].map(u32::to_ne_bytes);
        let content = [flags.concat(), text(&[name])].concat();
        let reply = self.ask(code::CREATE, parent, &content)?;
        assert_eq!(reply.len(), ENTRY + 16);
        Ok((u64_at(&reply, 0), u64_at(&reply, ENTRY)))
    }

    pub(super) fn read(&mut self, handle: u64, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        self.ask(code::READ, 0, &range(handle, offset, size))
    }

    pub(super) fn write(
        &mut self,
        handle: u64,
        offset: u64,
        flags: u32,
        bytes: &[u8],
    ) -> Result<u32, Errno> {
        let content = [
            &handle.to_ne_bytes()[..],
            &offset.to_ne_bytes(),
            &u32::try_from(bytes.len()).unwrap().to_ne_bytes(),
            &[0; 12],
            &flags.to_ne_bytes(),
            &[0; 4],
            bytes,
        ];
        Ok(u32_at(&self.ask(code::WRITE, 0, &content.concat())?, 0))
    }

    pub(super) fn rename(
        &mut self,
        (parent, old): (u64, &str),
        (to, new): (u64, &str),
        flags: u32,
    ) -> Result<(), Errno> {
        let numbers = [&to.to_ne_bytes()[..], &flags.to_ne_bytes(), &[0; 4]].concat();
        let content = [numbers, text(&[old, new])].concat();
        self.ask(code::RENAME2, parent, &content).map(drop)
    }

    /// All names in a folder.
    pub(super) fn list(&mut self, node: u64, number: u32) -> Result<Vec<Vec<u8>>, Errno> {
        let handle = u64_at(&self.ask(code::OPENDIR, node, &[0; 8])?, 0);
        let attributes = if number == code::READDIRPLUS {
            ENTRY
        } else {
            0
        };
        let (mut names, mut offset) = (Vec::new(), 0);
        loop {
            let reply = self.ask(number, node, &range(handle, offset, 4096))?;
            assert!(reply.len() <= 4096);
            if reply.is_empty() {
                return Ok(names);
            }
            let mut rest = &reply[..];
            while !rest.is_empty() {
                let entry = &rest[attributes..];
                offset = u64_at(entry, 8);
                let length = u32_at(entry, 16) as usize;
                names.push(entry[24..24 + length].to_vec());
                rest = &entry[24 + length.next_multiple_of(8)..];
            }
        }
    }
}
