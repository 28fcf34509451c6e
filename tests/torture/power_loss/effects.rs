//! The effects of a run on the disk and on its clients, in order.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::strace::{self, Call, Event};

/// Identifies a file, independent of its names.
pub(super) type FileId = usize;

/// Offset of descriptors that are opened only for appending: lock files, which stay empty.
const AT_END: u64 = u64::MAX;

/// The target of a name in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    File(FileId),
    Folder,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Names that change together; all are in `folder`.
    Names {
        folder: PathBuf,
        names: Vec<(String, Option<Node>)>,
    },
    Write {
        file: FileId,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        file: FileId,
        length: u64,
    },
    /// Everything that was written to the file before step `since` is durable now.
    SyncFile {
        file: FileId,
        path: PathBuf,
        since: usize,
    },
    /// All names that were changed in the folder before step `since` are durable now.
    SyncFolder {
        folder: PathBuf,
        since: usize,
    },
    /// From now on a client may know this response.
    Answer {
        status: u16,
    },
}

/// Converts system calls to effects. Paths are relative to the root.
pub(super) struct Recorder {
    root: PathBuf,
    names: BTreeMap<PathBuf, Node>,
    files: usize,
    /// The offset of the next plain write to a descriptor.
    offsets: HashMap<i64, u64>,
    pub(super) effects: Vec<Effect>,
}

impl Recorder {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            names: BTreeMap::from([(PathBuf::new(), Node::Folder)]),
            files: 0,
            offsets: HashMap::new(),
            effects: Vec::new(),
        }
    }

    /// Adds the system calls of one process.
    pub(super) fn record(&mut self, log: &str) {
        self.offsets.clear();
        let mut began = HashMap::new();
        for event in strace::parse(log) {
            match event {
                Event::Began { thread, call } => {
                    began.insert(thread, self.effects.len());
                    self.answered(&call);
                }
                Event::Ended { thread, call } if call.result >= 0 => {
                    let since = began.remove(&thread).unwrap();
                    self.take(&call, since);
                }
                Event::Ended { .. } => {}
            }
        }
    }

    /// A response counts from the moment at which it is sent.
    fn answered(&mut self, call: &Call) {
        if !matches!(
            call.name.as_str(),
            "write" | "writev" | "sendto" | "sendmsg"
        ) {
            return;
        }
        let is_socket = call.arguments[0].contains("<TCP");
        let head = strace::strings(&call.arguments[1]);
        if is_socket && let Some(status) = head.strip_prefix(b"HTTP/1.1 ") {
            let status = std::str::from_utf8(&status[..3]).unwrap().parse().unwrap();
            self.effects.push(Effect::Answer { status });
        }
    }

    fn take(&mut self, call: &Call, since: usize) {
        let arguments = &call.arguments;
        match call.name.as_str() {
            "open" => self.open(&self.path(None, &arguments[0]), &arguments[1], call.result),
            "openat" => {
                let path = self.path(Some(&arguments[0]), &arguments[1]);
                self.open(&path, &arguments[2], call.result);
            }
            "write" | "writev" => self.write(call, None),
            "pwrite64" | "pwritev" | "pwritev2" => {
                let offset = arguments[3].parse().unwrap();
                self.write(call, Some(offset));
            }
            "lseek" => {
                if let Some((descriptor, _)) = strace::descriptor(&arguments[0]) {
                    self.offsets
                        .insert(descriptor, call.result.try_into().unwrap());
                }
            }
            "ftruncate" => {
                if let Some(file) = self.file_behind(&arguments[0]) {
                    let length = arguments[1].parse().unwrap();
                    self.effects.push(Effect::Truncate { file, length });
                }
            }
            "fsync" | "fdatasync" => self.sync(&arguments[0], since),
            "mkdir" => self.add(self.path(None, &arguments[0]), Node::Folder),
            "mkdirat" => self.add(self.path(Some(&arguments[0]), &arguments[1]), Node::Folder),
            "unlink" | "rmdir" => self.remove(self.path(None, &arguments[0])),
            "unlinkat" => self.remove(self.path(Some(&arguments[0]), &arguments[1])),
            "rename" => {
                let (from, to) = (
                    self.path(None, &arguments[0]),
                    self.path(None, &arguments[1]),
                );
                self.rename(from, to);
            }
            "renameat" | "renameat2" => {
                let from = self.path(Some(&arguments[0]), &arguments[1]);
                self.rename(from, self.path(Some(&arguments[2]), &arguments[3]));
            }
            "mmap" => {
                let shared = arguments[3].contains("MAP_SHARED") && arguments[2].contains("WRITE");
                assert!(
                    !shared || self.file_behind(&arguments[4]).is_none(),
                    "{call:?}"
                );
            }
            // Reserves space or starts writing early; neither changes what a crash may leave.
            "fadvise64" | "sync_file_range" | "sendto" | "sendmsg" | "close" => {}
            _ => {
                let touches = arguments.iter().any(|argument| {
                    self.file_behind(argument).is_some()
                        || self.relative(&PathBuf::from(text(argument))).is_some()
                });
                assert!(!touches, "the replay does not know {call:?}");
            }
        }
    }

    /// The path in the arguments of a call, below the root or not.
    fn path(&self, folder: Option<&str>, argument: &str) -> PathBuf {
        let path = PathBuf::from(text(argument));
        match folder.and_then(strace::descriptor) {
            Some((_, folder)) => Path::new(&folder).join(path),
            None => path,
        }
    }

    /// The path relative to the root. `None` for paths elsewhere, and for SQLite's shared memory,
    /// which is only an index of its log and is made again after a crash.
    fn relative(&self, path: &Path) -> Option<PathBuf> {
        let relative = path.strip_prefix(&self.root).ok()?.to_owned();
        let name = relative.to_string_lossy();
        (!name.ends_with("-shm") && !name.ends_with(" (deleted)")).then_some(relative)
    }

    fn file_behind(&self, argument: &str) -> Option<FileId> {
        let (_, path) = strace::descriptor(argument)?;
        let relative = self.relative(Path::new(&path))?;
        match self.names.get(&relative) {
            Some(Node::File(file)) => Some(*file),
            _ => None,
        }
    }

    fn open(&mut self, path: &Path, flags: &str, descriptor: i64) {
        let start = if flags.contains("O_APPEND") {
            AT_END
        } else {
            0
        };
        self.offsets.insert(descriptor, start);
        let Some(relative) = self.relative(path) else {
            return;
        };
        let unknown = ["O_TMPFILE", "O_SYNC", "O_DSYNC"];
        assert!(
            !unknown.iter().any(|flag| flags.contains(flag)),
            "{path:?} {flags}"
        );
        match self.names.get(&relative) {
            None if flags.contains("O_CREAT") => {
                self.files += 1;
                self.add(path.to_owned(), Node::File(self.files));
            }
            None => panic!("{path:?} was opened and never made"),
            Some(Node::File(file)) if flags.contains("O_TRUNC") => {
                let (file, length) = (*file, 0);
                self.effects.push(Effect::Truncate { file, length });
            }
            Some(_) => {}
        }
    }

    fn write(&mut self, call: &Call, offset: Option<u64>) {
        let Some((descriptor, _)) = strace::descriptor(&call.arguments[0]) else {
            return;
        };
        let written: u64 = call.result.try_into().unwrap();
        let next = self.offsets.entry(descriptor).or_default();
        let offset = offset.unwrap_or_else(|| {
            let offset = *next;
            *next = next.saturating_add(written);
            offset
        });
        let Some(file) = self.file_behind(&call.arguments[0]) else {
            return;
        };
        assert!(
            offset < AT_END,
            "the replay does not know where {call:?} goes"
        );
        let mut bytes = strace::strings(&call.arguments[1]);
        assert!(bytes.len() as u64 >= written, "the log lacks bytes");
        bytes.truncate(written.try_into().unwrap());
        self.effects.push(Effect::Write {
            file,
            offset,
            bytes,
        });
    }

    fn sync(&mut self, argument: &str, since: usize) {
        let Some((_, path)) = strace::descriptor(argument) else {
            return;
        };
        let Some(folder) = self.relative(Path::new(&path)) else {
            return;
        };
        self.effects.push(match self.names.get(&folder) {
            Some(Node::File(file)) => Effect::SyncFile {
                file: *file,
                path: folder,
                since,
            },
            Some(Node::Folder) => Effect::SyncFolder { folder, since },
            None => panic!("{path:?} was synced and never made"),
        });
    }

    fn add(&mut self, path: PathBuf, node: Node) {
        if let Some(path) = self.relative(&path) {
            self.name(&path, Some(node));
        }
    }

    fn remove(&mut self, path: PathBuf) {
        if let Some(path) = self.relative(&path) {
            self.name(&path, None);
        }
    }

    /// Between two folders a rename is two steps: after a power loss the file may be in both.
    fn rename(&mut self, from: PathBuf, to: PathBuf) {
        let (Some(from), Some(to)) = (self.relative(&from), self.relative(&to)) else {
            return;
        };
        let node = self.names[&from];
        assert_ne!(
            node,
            Node::Folder,
            "the replay does not know renamed folders"
        );
        if from.parent() != to.parent() {
            self.name(&to, Some(node));
            self.name(&from, None);
            return;
        }
        self.names.remove(&from);
        self.names.insert(to.clone(), node);
        let names = vec![(last(&to), Some(node)), (last(&from), None)];
        let folder = to.parent().unwrap().to_owned();
        self.effects.push(Effect::Names { folder, names });
    }

    fn name(&mut self, path: &Path, node: Option<Node>) {
        match node {
            Some(node) => self.names.insert(path.to_owned(), node),
            None => self.names.remove(path),
        };
        let folder = path.parent().unwrap().to_owned();
        let names = vec![(last(path), node)];
        self.effects.push(Effect::Names { folder, names });
    }
}

fn text(argument: &str) -> String {
    String::from_utf8_lossy(&strace::strings(argument)).into_owned()
}

fn last(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
