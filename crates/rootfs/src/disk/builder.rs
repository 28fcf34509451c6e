//! The builder of one disk: its state, and the objects that are added one by one.
//!
//! `apply` adds the entries of layers.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};

use super::identity::Fingerprint;
use crate::blocks::{BLOCK_U64, Blocks, Source};
use crate::error::{EntryFault, Error, show};
use crate::options::{FileSystem, Options};
use crate::path::TreePath;
use crate::tree::{Attributes, Kind, NodeId, Timestamp, Tree};
use crate::{erofs, ext4, xattr};

const LOST_AND_FOUND: &[u8] = b"lost+found";

/// Builds one disk image, in one pass, without root, mounts or other programs.
///
/// Data goes straight into the output file; names and attributes stay in memory until
/// [`finish`](Self::finish) writes them. The result is a function of the [`Options`] and the
/// sequence of calls: the same layers, however compressed, give the same bytes.
///
/// ```text
/// create --> (add_* | apply_layer)* --> finish
///                    | error
///                    v
///                 poisoned: only to be dropped
/// ```
///
/// The caller opens the file for reading and writing, and later syncs and renames it.
/// The previous content of the file is lost.
pub struct DiskBuilder {
    pub(super) blocks: Blocks,
    pub(super) tree: Tree,
    pub(super) options: Options,
    pub(crate) fingerprint: Fingerprint,
    pub(super) bytes: u64,
    pub(super) entries: u64,
    /// Diff ids of the layers so far.
    pub(super) applied: HashSet<[u8; 32]>,
    /// Compressed bytes of these layers, each counted once.
    pub(super) packed: u64,
    /// Bytes of the tars that they became, without holes.
    pub(super) decoded: u64,
    poisoned: bool,
}

/// The totals of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerSummary {
    /// SHA-256 of the uncompressed layer: the `diff_id` of the image configuration, with which the
    /// caller compares it.
    pub diff_id: [u8; 32],
    /// Number of entries, whiteouts included.
    pub entries: u64,
    /// Length of the uncompressed layer in bytes; holes of sparse files count.
    pub bytes: u64,
}

/// The totals of a finished disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Length of the image file, and size of the disk, in bytes.
    pub size: u64,
    /// Bytes in use, for data and metadata.
    pub used: u64,
    /// Files, directories and other objects in the tree, each counted once however many names it
    /// has; the root and `lost+found` are among them.
    pub entries: u64,
    /// UUID of the file system.
    pub uuid: [u8; 16],
}

impl DiskBuilder {
    /// Starts a disk in a file, which is emptied.
    ///
    /// # Errors
    /// [`Error::Write`] when the file cannot be emptied or written.
    pub fn create(output: File, options: Options) -> Result<Self, Error> {
        let blocks = match options.file_system {
            FileSystem::Ext4 => ext4::create(output, &options)?,
            FileSystem::Erofs => erofs::create(output, 0, options.compression)?,
        };
        Ok(Self::over(blocks, options))
    }

    pub(crate) fn over(blocks: Blocks, options: Options) -> Self {
        let mut implicit = Attributes::new(0o755);
        implicit.mtime = Timestamp {
            seconds: options.epoch.into(),
            nanos: 0,
        };
        Self {
            blocks,
            tree: Tree::new(options.limits, implicit),
            fingerprint: Fingerprint::new(&options),
            options,
            bytes: 0,
            entries: 0,
            applied: HashSet::new(),
            packed: 0,
            decoded: 0,
            poisoned: false,
        }
    }

    /// Adds a directory, or sets the attributes of an existing one. Missing parents are made.
    ///
    /// Here and in the other `add_` methods, symbolic links among the parents are followed inside
    /// the tree, and a path with `..` is refused.
    ///
    /// # Errors
    /// [`Error::BadEntry`] for a path or attributes that are refused, or a parent that is no
    /// directory; [`Error::XattrsTooLarge`]; [`Error::LimitExceeded`] for more entries or
    /// metadata than [`Limits`](crate::Limits) allow; [`Error::Poisoned`] after any other error
    /// of this builder.
    pub fn add_directory(
        &mut self,
        path: impl AsRef<[u8]>,
        mut attributes: Attributes,
    ) -> Result<(), Error> {
        self.guarded(|this| {
            let path = this.synthetic(path.as_ref())?;
            this.normalise(path.as_bytes(), &mut attributes)?;
            this.fingerprint
                .object("directory", path.as_bytes(), &attributes, &[]);
            this.tree.add_directory(Tree::ROOT, &path, attributes)
        })
    }

    /// Makes a directory and its missing parents; an existing directory stays as it is.
    ///
    /// # Errors
    /// As [`DiskBuilder::add_directory`], attributes apart.
    pub fn make_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        self.guarded(|this| {
            let path = this.synthetic(path.as_ref())?;
            this.fingerprint
                .object("made", path.as_bytes(), &Attributes::default(), &[]);
            this.tree.make_directories(Tree::ROOT, &path)
        })
    }

    /// Adds a file with everything that the reader yields, in place of any object of that name.
    ///
    /// # Errors
    /// As [`DiskBuilder::add_directory`]; further [`Error::Read`] when the reader fails,
    /// [`Error::LimitExceeded`] for more bytes than the limits allow, [`Error::DiskFull`] and
    /// [`Error::Write`] when the disk takes no more.
    pub fn add_file(
        &mut self,
        path: impl AsRef<[u8]>,
        mut attributes: Attributes,
        content: impl Read,
    ) -> Result<(), Error> {
        self.guarded(|this| {
            let path = this.synthetic(path.as_ref())?;
            this.normalise(path.as_bytes(), &mut attributes)?;
            this.tree.check_place(Tree::ROOT, &path)?;
            this.fingerprint
                .object("file", path.as_bytes(), &attributes, &[]);
            let limit = this.options.limits.bytes;
            let mut source = Added {
                content,
                path: path.as_bytes(),
                fingerprint: &mut this.fingerprint,
                left: limit - this.bytes,
                limit,
            };
            let (size, kind) = this.blocks.write_file(&mut source, path.as_bytes())?;
            this.bytes += size;
            this.fingerprint.end_of_data(size);
            this.tree.add(Tree::ROOT, &path, kind, attributes)?;
            this.reclaim();
            Ok(())
        })
    }

    /// Adds a symbolic link, in place of any object of that name.
    ///
    /// # Errors
    /// As [`DiskBuilder::add_directory`], and [`Error::BadEntry`] for a target that is empty,
    /// longer than 4095 bytes or has a NUL byte.
    pub fn add_symlink(
        &mut self,
        path: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        self.guarded(|this| {
            let path = this.synthetic(path.as_ref())?;
            let mut attributes = Attributes::new(0o777);
            attributes.mtime.seconds = this.options.epoch.into();
            this.fingerprint
                .object("symlink", path.as_bytes(), &attributes, target.as_ref());
            this.tree.add(
                Tree::ROOT,
                &path,
                Kind::Symlink(target.as_ref().into()),
                attributes,
            )?;
            this.reclaim();
            Ok(())
        })
    }

    /// Applies a layer to the tree below `prefix`, which is made if missing; empty stands for the
    /// root.
    ///
    /// `blob` yields the bytes as the registry has them: gzip (any number of members), zstd or
    /// plain tar, recognised by the first bytes. It is always read to its end, so that a reader
    /// that hashes sees everything. Nothing in the layer can reach outside the prefix.
    ///
    /// Decoding and hashing run on separate threads, which end with this call. After an error the
    /// builder can only be dropped.
    ///
    /// # Errors
    /// [`Error::Read`] when `blob` fails; [`Error::Decompress`],
    /// [`Error::UnsupportedCompression`], [`Error::Truncated`] and [`Error::BadHeader`] for what
    /// is no layer; [`Error::UnsupportedEntry`], [`Error::BadEntry`] and
    /// [`Error::XattrsTooLarge`] for entries that no disk can hold; [`Error::LimitExceeded`];
    /// [`Error::DiskFull`] and [`Error::Write`] when the disk takes no more; [`Error::Poisoned`]
    /// after any other error of this builder.
    pub fn apply_layer(
        &mut self,
        blob: impl Read + Send,
        prefix: impl AsRef<[u8]>,
    ) -> Result<LayerSummary, Error> {
        self.guarded(|this| {
            let summary = this.apply(blob, &TreePath::parse(prefix.as_ref())?)?;
            this.fingerprint.layer(prefix.as_ref(), &summary.diff_id);
            Ok(summary)
        })
    }

    /// Writes the metadata and sets the file's length. It does not sync the file; the caller does.
    ///
    /// # Errors
    /// [`Error::Poisoned`] when an earlier call failed; [`Error::BadEntry`] when `lost+found` of
    /// an ext4 is no directory; [`Error::DiskFull`] and [`Error::Write`] when the metadata cannot
    /// be written.
    pub fn finish(mut self) -> Result<Summary, Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        let identity = self
            .fingerprint
            .identity(self.options.label.as_bytes(), self.options.epoch);
        let finished = match self.options.file_system {
            FileSystem::Ext4 => {
                let lost_and_found = self.lost_and_found()?;
                ext4::finish(
                    self.blocks,
                    &self.options,
                    &self.tree,
                    lost_and_found,
                    &identity,
                )?
            }
            FileSystem::Erofs => {
                erofs::finish(self.blocks, &self.tree, self.options.compression, &identity)?
            }
        };
        Ok(Summary {
            size: finished.blocks * BLOCK_U64,
            used: finished.used_blocks * BLOCK_U64,
            entries: finished.inodes_used,
            uuid: identity.uuid,
        })
    }

    /// The directory that every ext4 has, made if missing.
    fn lost_and_found(&mut self) -> Result<NodeId, Error> {
        let id = match self.tree.child(Tree::ROOT, LOST_AND_FOUND) {
            Some(link) => link.node,
            None => {
                let mut attributes = Attributes::new(0o700);
                attributes.mtime.seconds = self.options.epoch.into();
                let path = TreePath::parse(LOST_AND_FOUND)?;
                let id = self.tree.prefix(&path)?;
                self.tree.add_directory(Tree::ROOT, &path, attributes)?;
                id
            }
        };
        if self.tree.directory(id).is_none() {
            return Err(Error::entry(LOST_AND_FOUND, EntryFault::LostAndFound));
        }
        Ok(id)
    }

    /// Normalises attributes to the form that the tree keeps, or refuses them.
    pub(super) fn normalise(&self, path: &[u8], attributes: &mut Attributes) -> Result<(), Error> {
        xattr::normalise(path, &mut attributes.xattrs)?;
        self.check_xattrs(path, attributes)
    }

    pub(super) fn check_xattrs(&self, path: &[u8], attributes: &Attributes) -> Result<(), Error> {
        match self.options.file_system {
            FileSystem::Ext4 => ext4::check_xattrs(path, attributes),
            FileSystem::Erofs => erofs::check_xattrs(path, attributes),
        }
    }

    /// Runs a step that leaves the builder unusable if it fails.
    pub(crate) fn guarded<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        self.poisoned = true;
        let value = step(self)?;
        self.poisoned = false;
        Ok(value)
    }

    /// Checks the path of an object that is added on its own, and counts the object.
    fn synthetic(&mut self, path: &[u8]) -> Result<TreePath, Error> {
        self.entries += 1;
        let limit = self.options.limits.entries;
        if self.entries > limit {
            return Err(Error::LimitExceeded {
                what: "entries",
                limit,
            });
        }
        TreePath::parse(path)
    }

    /// Frees the blocks of replaced files.
    pub(super) fn reclaim(&mut self) {
        let freed = self.tree.take_freed();
        self.blocks.free(&freed);
    }
}

/// The content of an added file, counted and fingerprinted while it is read.
struct Added<'a, R> {
    content: R,
    path: &'a [u8],
    fingerprint: &'a mut Fingerprint,
    left: u64,
    limit: u64,
}

impl<R: Read> Source for Added<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let count = loop {
            match self.content.read(buffer) {
                Ok(count) => break count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(Error::Read {
                        what: show(self.path),
                        source,
                    });
                }
            }
        };
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or(Error::LimitExceeded {
                what: "uncompressed bytes",
                limit: self.limit,
            })?;
        self.fingerprint.data(&buffer[..count]);
        Ok(count)
    }
}
