//! Helpers of the tests: an archive writer that can lie, and checks by other programs.

mod dump;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use dump::{Dump, Seen, mount, unmount};
use tempfile::TempDir;

use crate::{Compression, DiskBuilder, Error, FileSystem, LayerSummary, Options, Summary};

/// Writes tar entries field by field, valid or not.
#[derive(Default, Clone)]
pub(crate) struct Tar(pub(crate) Vec<u8>);

/// One entry; every field may be set to an invalid value.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) mode: u64,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: u64,
    pub(crate) link: Vec<u8>,
    pub(crate) device: (u64, u64),
    pub(crate) data: Vec<u8>,
    /// The size field, if it differs from the length of the data.
    pub(crate) size: Option<u64>,
    pub(crate) pax: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(crate) fn spec(kind: u8, name: impl AsRef<[u8]>) -> Spec {
    Spec {
        name: name.as_ref().to_vec(),
        kind,
        mode: if kind == b'5' { 0o755 } else { 0o644 },
        uid: 0,
        gid: 0,
        mtime: 1_000_000_000,
        link: Vec::new(),
        device: (0, 0),
        data: Vec::new(),
        size: None,
        pax: Vec::new(),
    }
}

impl Spec {
    pub(crate) fn data(mut self, data: impl AsRef<[u8]>) -> Self {
        self.data = data.as_ref().to_vec();
        self
    }

    pub(crate) fn link(mut self, target: impl AsRef<[u8]>) -> Self {
        self.link = target.as_ref().to_vec();
        self
    }

    pub(crate) fn mode(mut self, mode: u64) -> Self {
        self.mode = mode;
        self
    }

    pub(crate) fn owner(mut self, uid: u64, gid: u64) -> Self {
        self.uid = uid;
        self.gid = gid;
        self
    }

    pub(crate) fn device(mut self, major: u64, minor: u64) -> Self {
        self.device = (major, minor);
        self
    }

    pub(crate) fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    pub(crate) fn pax(mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.pax
            .push((key.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }
}

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn dir(self, name: impl AsRef<[u8]>) -> Self {
        self.entry(spec(b'5', name))
    }

    pub(crate) fn file(self, name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        self.entry(spec(b'0', name).data(data))
    }

    pub(crate) fn symlink(self, name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.entry(spec(b'2', name).link(target))
    }

    pub(crate) fn hardlink(self, name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.entry(spec(b'1', name).link(target))
    }

    pub(crate) fn entry(mut self, spec: Spec) -> Self {
        if !spec.pax.is_empty() {
            let records: Vec<u8> = spec
                .pax
                .iter()
                .flat_map(|(k, v)| pax_record(k, v))
                .collect();
            self.header(&self::spec(b'x', "pax").size(records.len() as u64));
            self.data(&records);
        }
        if spec.name.len() > 100 {
            self.header(&self::spec(b'L', "././@LongLink").size(spec.name.len() as u64 + 1));
            self.data(&[&spec.name[..], b"\0"].concat());
        }
        if spec.link.len() > 100 {
            self.header(&self::spec(b'K', "././@LongLink").size(spec.link.len() as u64 + 1));
            self.data(&[&spec.link[..], b"\0"].concat());
        }
        self.header(&spec);
        self.data(&spec.data);
        self
    }

    /// Appends one header record.
    pub(crate) fn header(&mut self, spec: &Spec) {
        let mut record = [0u8; 512];
        let mut put = |at: usize, bytes: &[u8], room: usize| {
            let length = bytes.len().min(room);
            record[at..at + length].copy_from_slice(&bytes[..length]);
        };
        put(0, &spec.name, 100);
        put(100, format!("{:07o}", spec.mode).as_bytes(), 8);
        for (at, id) in [(108, spec.uid), (116, spec.gid)] {
            put(at, format!("{:07o}", id & 0o777_7777).as_bytes(), 8);
        }
        let size = spec.size.unwrap_or(spec.data.len() as u64);
        if size < 1 << 33 {
            put(124, format!("{size:011o}").as_bytes(), 12);
        } else {
            put(
                124,
                &[&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat(),
                12,
            );
        }
        put(136, format!("{:011o}", spec.mtime).as_bytes(), 12);
        put(156, &[spec.kind], 1);
        put(157, &spec.link, 100);
        put(257, b"ustar\x0000", 8);
        put(329, format!("{:07o}", spec.device.0).as_bytes(), 8);
        put(337, format!("{:07o}", spec.device.1).as_bytes(), 8);
        checksum(&mut record);
        self.0.extend_from_slice(&record);
    }

    /// Appends data and its padding.
    pub(crate) fn data(&mut self, data: &[u8]) {
        self.0.extend_from_slice(data);
        let padded = self.0.len().next_multiple_of(512);
        self.0.resize(padded, 0);
    }

    /// The archive with its end marker.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }
}

pub(crate) fn checksum(record: &mut [u8]) {
    record[148..156].fill(b' ');
    let sum: u32 = record.iter().map(|&b| u32::from(b)).sum();
    record[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub(crate) fn pax_record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..rest + 9)
        .find(|n| rest + n.to_string().len() == *n)
        .unwrap();
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A disk in a temporary folder, checked by `e2fsck`.
pub(crate) struct TestDisk {
    pub(crate) path: PathBuf,
    pub(crate) summary: Summary,
    pub(crate) layers: Vec<LayerSummary>,
    /// The same layers in another form, which must show the same files: EROFS, then merged, then
    /// compressed.
    pub(crate) twin: Option<Box<TestDisk>>,
    file_system: FileSystem,
    is_zstd: bool,
    folder: TempDir,
}

/// Options for small disks, which keep the checks fast.
pub(crate) fn small() -> Options {
    Options {
        size: Some(16 << 20),
        ..Options::default()
    }
}

/// Builds a disk with a closure; it must pass the check.
pub(crate) fn build_with(
    options: Options,
    fill: impl FnOnce(&mut DiskBuilder) -> Result<(), Error>,
) -> Result<TestDisk, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.img");
    let file_system = options.file_system;
    let is_zstd = matches!(options.compression, Some(Compression::Zstd { .. }));
    let mut builder = DiskBuilder::create(File::create_new(&path).unwrap(), options)?;
    fill(&mut builder)?;
    let summary = builder.finish()?;
    let disk = TestDisk {
        path,
        summary,
        layers: Vec::new(),
        twin: None,
        file_system,
        is_zstd,
        folder,
    };
    disk.check();
    Ok(disk)
}

/// Builds disks from layers: ext4, and EROFS in three forms as its twins.
pub(crate) fn try_build(layers: &[Vec<u8>]) -> Result<TestDisk, Error> {
    let mut disk = build_layers(small(), layers)?;
    let options = Options {
        file_system: FileSystem::Erofs,
        ..small()
    };
    let packed = Options {
        compression: Some(Compression::Lz4),
        ..options.clone()
    };
    let mut erofs = build_layers(options, layers)?;
    assert_eq!(erofs.layers, disk.layers);
    let mut merged = merge(layers)?;
    merged.twin = Some(Box::new(build_layers(packed, layers)?));
    erofs.twin = Some(Box::new(merged));
    disk.twin = Some(Box::new(erofs));
    Ok(disk)
}

/// Builds an EROFS from stored layers, concatenated into one file.
fn merge(layers: &[Vec<u8>]) -> Result<TestDisk, Error> {
    let mut summaries = Vec::new();
    let mut stored = Vec::new();
    let mut files = Vec::new();
    for layer in layers {
        let file = tempfile::tempfile().unwrap();
        summaries.push(crate::store_layer(
            &layer[..],
            &file,
            crate::Limits::default(),
        )?);
        stored.push(crate::StoredLayer::open(
            file.try_clone().unwrap(),
            layer.len() as u64,
        )?);
        files.push(file);
    }
    let own = tempfile::tempfile().unwrap();
    let summary = crate::merge_layers(&stored, own.try_clone().unwrap(), Options::default())?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.img");
    let whole = File::create_new(&path).unwrap();
    let mut at = 0;
    for part in crate::parts(&stored, own.metadata().unwrap().len()) {
        let file = part.layer.map_or(&own, |index| &files[index]);
        let mut bytes = vec![0; usize::try_from(part.length).unwrap()];
        file.read_exact_at(&mut bytes, part.offset).unwrap();
        whole.write_all_at(&bytes, at).unwrap();
        at += part.length;
    }
    let disk = TestDisk {
        path,
        summary,
        layers: summaries,
        twin: None,
        file_system: FileSystem::Erofs,
        is_zstd: false,
        folder,
    };
    disk.check();
    Ok(disk)
}

/// Builds one disk from layers.
pub(crate) fn build_layers(options: Options, layers: &[Vec<u8>]) -> Result<TestDisk, Error> {
    let mut summaries = Vec::new();
    let mut disk = build_with(options, |builder| {
        for layer in layers {
            summaries.push(builder.apply_layer(&layer[..], "")?);
        }
        Ok(())
    })?;
    disk.layers = summaries;
    Ok(disk)
}

#[track_caller]
pub(crate) fn build(layers: &[Vec<u8>]) -> TestDisk {
    try_build(layers).unwrap()
}

impl TestDisk {
    pub(crate) fn check(&self) {
        match self.file_system {
            FileSystem::Ext4 => fsck(&self.path),
            FileSystem::Erofs => fsck_erofs(&self.path, self.is_zstd),
        }
        assert_eq!(
            std::fs::metadata(&self.path).unwrap().len(),
            self.summary.size
        );
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Output of one `debugfs` command.
    pub(crate) fn debugfs(&self, command: &str) -> String {
        let output = Command::new("debugfs")
            .arg("-R")
            .arg(command)
            .arg(&self.path)
            .output()
            .expect("debugfs must be installed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text + &String::from_utf8_lossy(&output.stderr)
    }

    /// Writes the files of an EROFS into a folder.
    pub(crate) fn extract(&self, target: &Path) {
        let output = Command::new("fsck.erofs")
            .arg(format!("--extract={}", target.display()))
            .arg("--overwrite")
            .arg(&self.path)
            .output();
        assert!(output.unwrap().status.success(), "fsck.erofs must extract");
    }

    #[track_caller]
    pub(crate) fn content(&self, path: &str) -> Vec<u8> {
        let target = self.folder().join("dumped");
        let _ = std::fs::remove_file(&target);
        let message = self.debugfs(&format!("dump {path} {}", target.display()));
        std::fs::read(&target).unwrap_or_else(|_| panic!("{message}"))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        !self
            .debugfs(&format!("stat {path}"))
            .contains("File not found")
    }

    /// Space that the image takes on the host, in bytes.
    pub(crate) fn host_bytes(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(&self.path).unwrap().blocks() * 512
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }
}

#[track_caller]
pub(crate) fn fsck(path: &Path) {
    let output = Command::new("e2fsck")
        .arg("-fn")
        .arg(path)
        .output()
        .expect("e2fsck must be installed");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "e2fsck is not content:\n{text}");
}

#[track_caller]
pub(crate) fn fsck_erofs(path: &Path, is_zstd: bool) {
    // Debian's version is older and may reject a disk for other reasons.
    let newer = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/tools/erofs-utils-1.8.6/fsck/fsck.erofs"
    );
    let output = Command::new(if is_zstd { newer } else { "fsck.erofs" })
        .arg("--extract")
        .arg(path)
        .output()
        .expect("fsck.erofs must be there: scripts/setup.sh test, scripts/erofs-utils.sh");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !text.contains("<E>"),
        "fsck.erofs is not content:\n{text}"
    );
}
