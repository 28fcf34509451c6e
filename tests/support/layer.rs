//! Makes layers by hand, honest and hostile ones.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// A tar that is built entry by entry, with any names and types.
pub(crate) struct Layer {
    tar: Vec<u8>,
}

impl Layer {
    pub(crate) fn new() -> Self {
        Self { tar: Vec::new() }
    }

    pub(crate) fn directory(self, name: &str, mode: u32) -> Self {
        self.entry(name, EntryType::Directory, mode, (0, 0), "", b"")
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(name, EntryType::Regular, 0o644, (0, 0), "", content)
    }

    pub(crate) fn program(self, name: &str, content: &[u8]) -> Self {
        self.entry(name, EntryType::Regular, 0o755, (0, 0), "", content)
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(name, EntryType::Symlink, 0o777, (0, 0), target, b"")
    }

    pub(crate) fn hardlink(self, name: &str, target: &str) -> Self {
        self.entry(name, EntryType::Link, 0o644, (0, 0), target, b"")
    }

    pub(crate) fn device(self, name: &str) -> Self {
        self.entry(name, EntryType::Block, 0o666, (0, 0), "", b"")
    }

    /// Adds an extended attribute to the next entry.
    pub(crate) fn xattr(self, name: &str, value: &[u8]) -> Self {
        self.pax(&[(&format!("SCHILY.xattr.{name}"), value)])
    }

    /// Adds PAX records to the next entry.
    pub(crate) fn pax(mut self, records: &[(&str, &[u8])]) -> Self {
        let records: Vec<u8> = records
            .iter()
            .flat_map(|(key, value)| pax_record(key, value))
            .collect();
        self.raw("pax", EntryType::XHeader, 0o644, (0, 0), "", &records);
        self
    }

    pub(crate) fn entry(
        mut self,
        name: &str,
        kind: EntryType,
        mode: u32,
        (uid, gid): (u64, u64),
        link: &str,
        content: &[u8],
    ) -> Self {
        self.raw(name, kind, mode, (uid, gid), link, content);
        self
    }

    /// Writes name and link without normalizing them.
    fn raw(
        &mut self,
        name: &str,
        kind: EntryType,
        mode: u32,
        (uid, gid): (u64, u64),
        link: &str,
        content: &[u8],
    ) {
        let mut header = Header::new_ustar();
        let ustar = header.as_ustar_mut().unwrap();
        ustar.name[..name.len()].copy_from_slice(name.as_bytes());
        ustar.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(uid);
        header.set_gid(gid);
        header.set_mtime(1_700_000_000);
        header.set_size(content.len() as u64);
        if matches!(kind, EntryType::Block | EntryType::Char) {
            header.set_device_major(7).unwrap();
            header.set_device_minor(0).unwrap();
        }
        header.set_cksum();
        self.tar.extend_from_slice(header.as_bytes());
        self.tar.extend_from_slice(content);
        self.tar.resize(self.tar.len().next_multiple_of(512), 0);
    }

    /// The bytes of the tar, with its end marker.
    pub(crate) fn tar(mut self) -> Vec<u8> {
        self.tar.resize(self.tar.len() + 1024, 0);
        self.tar
    }
}

fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    let body = [key.as_bytes(), b"=", value, b"\n"].concat();
    // The length includes its own digits.
    let mut length = body.len() + 1;
    while length != body.len() + 1 + length.to_string().len() {
        length = body.len() + 1 + length.to_string().len();
    }
    [format!("{length} ").as_bytes(), &body].concat()
}

/// Compresses `bytes` to one gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
